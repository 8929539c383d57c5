"""Grade an answer by running it: ``python model_training_optimization.py ID answer.py``.

It says nothing if the answer is right. Each check makes the case in which the quick answer is wrong
without an error. Needs the stack of the module.
"""

from __future__ import annotations

import random
import sys
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("torch")
import numpy as np
import torch
from torch.nn.functional import cross_entropy


def gap(a, b) -> float:
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    return max((x - y).abs().max().item() for x, y in pairs)


def resume(answer: ModuleType) -> None:
    rows = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(100) % 3

    def make():
        torch.manual_seed(0)
        layers = (torch.nn.Linear(8, 32), torch.nn.BatchNorm1d(32), torch.nn.Dropout(0.5))
        model = torch.nn.Sequential(*layers, torch.nn.Linear(32, 3))
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        return model, optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 30)

    home = Path(tempfile.mkdtemp())
    whole = answer.run(make, rows, labels, str(home / "a.pt"), 30)
    assert gap(whole, make()[0]) > 0.01, "nothing was trained"
    for stop in (4, 11):
        path = str(home / f"{stop}.pt")
        answer.run(make, rows, labels, path, 30, stop=stop)
        for seed in (random.seed, np.random.seed, torch.manual_seed):
            seed(99 + stop)  # a new process
        assert gap(answer.run(make, rows, labels, path, 30), whole) == 0, f"stopped at {stop}"


def accumulate(answer: ModuleType) -> None:
    rng = torch.Generator().manual_seed(1)
    batches = []
    for length in (4, 3, 40, 9):
        ids = torch.randint(0, 20, (length,), generator=rng)
        batches.append((ids, ids.roll(-1).where(torch.rand(length, generator=rng) > 0.3, -100)))
    batches.append((batches[0][0], torch.full((4,), -100)))

    def make():
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Embedding(20, 8), torch.nn.Linear(8, 20))
        return model, torch.optim.SGD(model.parameters(), lr=1.0)

    whole, optimizer = make()
    ids, labels = (torch.cat(part) for part in zip(*batches, strict=True))
    cross_entropy(whole(ids), labels).backward()
    optimizer.step()
    model, optimizer = make()
    answer.step(model, optimizer, batches)
    assert gap(model, whole) < 1e-5, f"weights differ by {gap(model, whole):.2g}"


def trainer_loss(answer: ModuleType) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments

    sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16}
    config = LlamaConfig(**sizes, num_hidden_layers=1, num_attention_heads=2)
    ids = torch.arange(16)
    rows = [{"input_ids": ids, "labels": ids.where(ids < n + 3, -100)} for n in range(8)]
    seen = []
    for kind, size, pieces in ((Trainer, 8, 1), (answer.Own, 8, 1), (answer.Own, 1, 8)):
        torch.manual_seed(0)
        args = TrainingArguments(
            tempfile.mkdtemp(),
            max_steps=1,
            learning_rate=0.0,
            per_device_train_batch_size=size,
            gradient_accumulation_steps=pieces,
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
        )
        trainer = kind(LlamaForCausalLM(config), args, train_dataset=rows)
        trainer.train()
        seen.append([trainer.state.log_history[0][name] for name in ("loss", "grad_norm")])
    assert np.allclose(seen[0], seen[1], rtol=1e-3), f"8 x 1: {seen[1]}, stock {seen[0]}"
    assert np.allclose(seen[0], seen[2], rtol=1e-3), f"1 x 8: {seen[2]}, stock {seen[0]}"


def diagnose(answer: ModuleType) -> None:
    torch.manual_seed(0)
    batch = torch.randn(16, 8), torch.arange(16) % 4

    def net():
        torch.manual_seed(0)
        layers = (torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 4))
        return torch.nn.Sequential(*layers)

    def sound():
        model = net()
        return model, torch.optim.AdamW(model.parameters(), lr=0.01)

    def early():
        model, optimizer = sound()
        model[2] = torch.nn.Linear(64, 4)
        return model, optimizer

    def half():
        model = net()
        return model, torch.optim.AdamW(model[2].parameters(), lr=0.01)

    def low():
        model = net().bfloat16()
        return model, torch.optim.AdamW(model.parameters(), lr=1e-5)

    def loss(model, batch):
        kind = model[0].weight.dtype
        return cross_entropy(model(batch[0].to(kind)).float(), batch[1])

    def softmaxed(model, batch):
        return cross_entropy(model(batch[0]).softmax(-1), batch[1])

    assert answer.healthy(sound, loss, batch), "a sound setup is refused"
    for name, make, cost in (
        ("a head that the optimizer does not know", early, loss),
        ("half of the model outside the optimizer", half, loss),
        ("bfloat16 weights that do not move", low, loss),
        ("softmax before cross-entropy", sound, softmaxed),
    ):
        assert not answer.healthy(make, cost, batch), f"{name} is not seen"


class Noisy(torch.utils.data.Dataset):
    """Row number and two numbers of noise."""

    def __len__(self):
        return 24

    def __getitem__(self, row):
        return torch.tensor([row, *np.random.normal(size=2)])


def workers(answer: ModuleType) -> None:
    def epoch(workers, number):
        np.random.seed(workers)
        torch.manual_seed(workers)
        return torch.cat(list(answer.loader(Noisy(), 4, workers, 7, number)))

    one = epoch(0, 0)
    assert sorted(one[:, 0].tolist()) == list(range(24))
    assert len(set(one[:, 1].tolist())) == 24, "rows share their noise"
    assert torch.equal(one, epoch(2, 0)), "two workers give other rows than none"
    other = epoch(2, 1)
    assert other[:, 0].tolist() != one[:, 0].tolist(), "each epoch has the same order"
    assert not set(other[:, 1].tolist()) & set(one[:, 1].tolist()), "epochs share their noise"


def read(shard: str) -> range:
    return range(int(shard) * 10, int(shard) * 10 + 10)


def shards(answer: ModuleType) -> None:
    for world, workers in ((2, 2), (1, 0), (4, 2)):
        seen: list[int] = []
        for rank in range(world):
            source = answer.dataset([str(n) for n in range(8)], read, rank, world)
            loader = torch.utils.data.DataLoader(source, batch_size=None, num_workers=workers)
            seen += [int(row) for row in loader]
        assert sorted(seen) == list(range(80)), f"{world} ranks, {workers} workers: {len(seen)}"


def best(answer: ModuleType) -> None:
    model = torch.nn.Linear(1, 1)
    values = iter([0.1, 0.7, 0.9, 0.3, 0.2])

    def train_epoch(model):
        with torch.no_grad():
            model.weight.fill_(next(values))

    kept = answer.fit(model, train_epoch, lambda model: model.weight.item(), 5)
    assert abs(kept.weight.item() - 0.9) < 1e-6, f"the weights of {kept.weight.item():.1f}"


def lower_rate(answer: ModuleType) -> None:
    def make():
        model = torch.nn.Linear(4, 4)
        return model, torch.optim.AdamW(model.parameters(), lr=0.1)

    model, optimizer = make()
    model(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    path = str(Path(tempfile.mkdtemp()) / "c.pt")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
    other, second = make()
    answer.resume(path, other, second, 0.001)
    assert gap(model, other) == 0
    assert second.param_groups[0]["lr"] == 0.001, f"the rate is {second.param_groups[0]['lr']}"
    mean = second.state[other.weight]["exp_avg"]
    assert torch.equal(mean, optimizer.state[model.weight]["exp_avg"]), "the moments are lost"


def sharded(answer: ModuleType) -> None:
    import torch.distributed as dist

    file = Path(tempfile.mkdtemp()) / "store"
    dist.init_process_group("gloo", init_method=f"file://{file}", rank=0, world_size=1)
    try:
        torch.manual_seed(0)
        plain = torch.nn.Sequential(*(torch.nn.Linear(8, 8) for _ in range(2)))
        model, optimizer = answer.setup(plain, 0.1)
        weights = list(model.parameters())
        assert all(hasattr(p, "full_tensor") for p in weights), "not sharded"
        before = [p.full_tensor().clone() for p in weights]
        model(torch.ones(2, 8)).sum().backward()
        optimizer.step()
        moved = [not torch.equal(p.full_tensor(), b) for p, b in zip(weights, before, strict=True)]
        assert all(moved), "the weights do not move"
    finally:
        dist.destroy_process_group()


def answers_only(answer: ModuleType) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ["<pad>", "<eos>", "<unk>", "user", "assistant", "what", "who", "yes", "no"]
    core = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, **special)
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}"
        "{% if add_generation_prompt %}assistant {% endif %}"
    )
    sizes = {"vocab_size": len(words), "hidden_size": 16, "intermediate_size": 16}
    config = LlamaConfig(**sizes, num_hidden_layers=1, num_attention_heads=2)
    talks = [("what", "yes"), ("who what", "no yes")]
    rows = [
        {"messages": [{"role": "user", "content": a}, {"role": "assistant", "content": b}]}
        for a, b in talks
    ]
    made = answer.trainer(rows, LlamaForCausalLM(config), tokenizer, tempfile.mkdtemp())
    assert len(made.train_dataset) == 2
    for row, (asked, said) in zip(made.train_dataset, talks, strict=True):
        batch = made.data_collator([row])
        ids, labels = batch["input_ids"][0], batch["labels"][0]
        trained = tokenizer.decode(labels[labels != -100]).split()
        assert trained == [*said.split(), "<eos>"], f"trained: {trained}"
        assert tokenizer.decode(ids).split()[: len(asked.split()) + 1] == ["user", *asked.split()]


CHECKS = {
    "resume": resume,
    "accumulate": accumulate,
    "trainer-loss": trainer_loss,
    "diagnose": diagnose,
    "workers": workers,
    "shards": shards,
    "best": best,
    "lower-rate": lower_rate,
    "sharded": sharded,
    "answers-only": answers_only,
}


def load(path: str) -> ModuleType:
    """The answer as a module; its folder is on the path, so that it may bring pieces."""
    sys.path.insert(0, str(Path(path).parent))
    spec = spec_from_file_location("answer", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["answer"] = module  # data loader workers may look classes up
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    CHECKS[sys.argv[1]](load(sys.argv[2]))
