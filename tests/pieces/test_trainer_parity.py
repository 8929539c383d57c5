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


def maker(kind):
    def make(**arguments):
        torch.manual_seed(0)
        sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16}
        config = transformers.LlamaConfig(
            **sizes, num_hidden_layers=1, num_attention_heads=2, attention_dropout=0.2
        )
        rows = []
        for number in range(8):
            ids = torch.arange(number, number + 16) % 32
            rows.append(
                {"input_ids": ids, "labels": ids.where(torch.arange(16) < 3 + number, -100)}
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
