"""The fault `trainer_parity` exists for, put in on purpose."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")
from torch.nn.functional import cross_entropy  # noqa: E402
from trainer_parity import loss_and_norm  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


class Mean(transformers.Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
        labels = inputs.pop("labels")[:, 1:]
        out = model(**inputs)
        loss = cross_entropy(out.logits[:, :-1].transpose(1, 2), labels)
        return (loss, out) if return_outputs else loss


class Tokens(transformers.Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs.pop("labels")[:, 1:]
        out = model(**inputs)
        loss = cross_entropy(out.logits[:, :-1].transpose(1, 2), labels, reduction="sum")
        loss = loss / num_items_in_batch
        return (loss, out) if return_outputs else loss


def maker(kind, first=0):
    """A trainer of `kind`; `first`: the first position that keeps its label."""

    def make(**arguments):
        torch.manual_seed(0)
        sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16}
        config = transformers.LlamaConfig(
            **sizes, num_hidden_layers=1, num_attention_heads=2, attention_dropout=0.2
        )
        rows, at = [], torch.arange(16)
        for number in range(8):
            ids = torch.arange(number, number + 16) % 32
            rows.append(
                {"input_ids": ids, "labels": ids.where((first <= at) & (at < 3 + number), -100)}
            )
        args = transformers.TrainingArguments(**arguments, use_cpu=True)
        return kind(transformers.LlamaForCausalLM(config), args, train_dataset=rows)

    return make


def test_the_stock_loss_and_the_token_loss_agree():
    stock, own = loss_and_norm(maker(transformers.Trainer)), loss_and_norm(maker(Tokens))
    assert own == pytest.approx(stock, rel=1e-4)


def test_a_mean_loss_is_eight_times_too_big():
    with pytest.raises(ValueError, match="8 x 1"):
        loss_and_norm(maker(Mean))


class Bare(torch.nn.Module):
    """A model whose `forward` takes no keywords, so that Trainer hands it no count of tokens."""

    def __init__(self, model):
        super().__init__()
        self.inner = model

    def forward(self, input_ids, labels=None):
        return self.inner(input_ids=input_ids)


def own(out, labels, num_items_in_batch=None):
    labels = labels[:, 1:]
    total = cross_entropy(out.logits[:, :-1].transpose(1, 2), labels, reduction="sum")
    count = num_items_in_batch if num_items_in_batch is not None else (labels != -100).sum()
    return total / count


class Override(transformers.Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        out = model(**inputs)
        loss = own(out, inputs["labels"], num_items_in_batch)
        return (loss, out) if return_outputs else loss


def test_a_loss_function_sees_the_count_whatever_the_model_takes():
    def bare(model, *rest, **more):
        return transformers.Trainer(Bare(model), *rest, compute_loss_func=own, **more)

    def whole(*rest, **more):
        return transformers.Trainer(*rest, compute_loss_func=own, **more)

    stock = loss_and_norm(maker(transformers.Trainer))
    assert loss_and_norm(maker(whole)) == pytest.approx(stock, rel=1e-4)
    assert loss_and_norm(maker(bare, first=1)) == pytest.approx(stock, rel=1e-4)
    # Nobody told Trainer that this model shifts its labels: it counts the first one, too.
    assert loss_and_norm(maker(bare))[0] < 0.9 * stock[0]


def test_an_override_behind_a_model_without_keywords_is_a_mean_of_means():
    with pytest.raises(ValueError, match="8 x 1"):
        loss_and_norm(maker(lambda model, *rest, **more: Override(Bare(model), *rest, **more)))
