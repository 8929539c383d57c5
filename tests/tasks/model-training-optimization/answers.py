"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
from torch.nn.functional import cross_entropy  # noqa: E402

NEEDS = {"trainer-loss": ("transformers", "accelerate"), "answers-only": ("trl", "datasets")}


def resume(make, rows, labels, path, steps, stop=None):
    from exact_resume import Order, load_run, save_run

    model, optimizer, scheduler = make()
    order = Order(len(rows), 16, seed=0)
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "order": order}
    step = load_run(path, **parts) if Path(path).exists() else 0
    batches = order.endless(torch.utils.data.TensorDataset(rows, labels))
    while step < steps:
        x, y = next(batches)
        cross_entropy(model(x), y).backward()
        optimizer.step(), scheduler.step(), optimizer.zero_grad()
        order.advance()
        step += 1
        if step == stop:
            save_run(path, step, **parts)
            break
    return model


def resume_quick(make, rows, labels, path, steps, stop=None):
    model, optimizer, scheduler = make()
    done = 0
    if Path(path).exists():
        state = torch.load(path)
        done = state.pop("step")
        for part in (model, optimizer, scheduler):
            part.load_state_dict(state[type(part).__name__])
    data = torch.utils.data.TensorDataset(rows, labels)
    loader, batches = torch.utils.data.DataLoader(data, 16, shuffle=True, drop_last=True), iter(())
    for step in range(done + 1, steps + 1):
        batch = next(batches, None)
        if batch is None:
            batches = iter(loader)
            batch = next(batches)
        cross_entropy(model(batch[0]), batch[1]).backward()
        optimizer.step(), scheduler.step(), optimizer.zero_grad()
        if step == stop:
            parts = (model, optimizer, scheduler)
            state = {type(part).__name__: part.state_dict() for part in parts}
            torch.save(state | {"step": step}, path)
            break
    return model


def accumulate(model, optimizer, batches):
    from accumulate import optimizer_step

    optimizer_step(model, optimizer, batches)


def accumulate_quick(model, optimizer, batches):
    for ids, labels in batches:
        (cross_entropy(model(ids), labels) / len(batches)).backward()
    optimizer.step()


def own(scaled):
    transformers = pytest.importorskip("transformers")

    class Own(transformers.Trainer):
        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            labels = inputs.pop("labels")[:, 1:]
            out = model(**inputs)
            kind = "sum" if scaled else "mean"
            loss = cross_entropy(out.logits[:, :-1].transpose(1, 2), labels, reduction=kind)
            if scaled:
                loss = loss / num_items_in_batch
            return (loss, out) if return_outputs else loss

    return Own


class Lazy:
    """An answer whose class is made when it is asked for."""

    def __init__(self, scaled):
        self.scaled = scaled

    @property
    def Own(self):  # noqa: N802
        return own(self.scaled)


def diagnose(make, loss, batch):
    from learning_audit import faults

    return not faults(make, loss, batch, classes=4)


def diagnose_quick(make, loss, batch):
    model, optimizer = make()
    before = loss(model, batch).item()
    for _ in range(50):
        optimizer.zero_grad()
        value = loss(model, batch)
        value.backward()
        optimizer.step()
    return value.item() < before


def workers(dataset, batch, workers, seed, epoch):
    from exact_resume import Order

    order = Order(len(dataset), batch, seed)
    order.epoch = epoch
    return order.loader(dataset, num_workers=workers)


def workers_quick(dataset, batch, workers, seed, epoch):
    rng = torch.Generator().manual_seed(seed + epoch)
    return torch.utils.data.DataLoader(
        dataset, batch, shuffle=True, num_workers=workers, generator=rng
    )


class Shards(torch.utils.data.IterableDataset):
    def __init__(self, shards, read, rank, world):
        self.shards, self.read, self.rank, self.world = shards, read, rank, world

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        workers, me = (info.num_workers, info.id) if info else (1, 0)
        for shard in self.shards[self.rank * workers + me :: self.world * workers]:
            yield from self.read(shard)


class ByRank(Shards):
    def __iter__(self):
        for shard in self.shards[self.rank :: self.world]:
            yield from self.read(shard)


def keep(copied):
    def fit(model, train_epoch, score, epochs):
        top, kept = float("-inf"), None
        for _ in range(epochs):
            train_epoch(model)
            if (value := score(model)) > top:
                top, kept = value, copied(model.state_dict())
        model.load_state_dict(kept)
        return model

    return fit


def lower_rate(path, model, optimizer, rate):
    lower_rate_quick(path, model, optimizer, rate)
    for group in optimizer.param_groups:
        group["lr"] = rate


def lower_rate_quick(path, model, optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate
    state = torch.load(path)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])


def sharded(model, rate):
    from sharded_run import shard

    shard(model, model)
    return model, torch.optim.AdamW(model.parameters(), lr=rate)


def sharded_quick(model, rate):
    from torch.distributed.fsdp import fully_shard

    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    fully_shard(model)
    return model, optimizer


def answers_only_quick(rows, model, tokenizer, folder):
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    args = SFTConfig(folder, use_cpu=True, bf16=False, report_to=[], max_length=64)
    return SFTTrainer(
        model, args, train_dataset=Dataset.from_list(rows), processing_class=tokenizer
    )


def answers_only(rows, model, tokenizer, folder):
    pairs = [
        {
            "prompt": tokenizer.apply_chat_template(
                row["messages"][:1], tokenize=False, add_generation_prompt=True
            ),
            "completion": row["messages"][1]["content"],
        }
        for row in rows
    ]
    return answers_only_quick(pairs, model, tokenizer, folder)


RIGHT = {
    "resume": SimpleNamespace(run=resume),
    "accumulate": SimpleNamespace(step=accumulate),
    "trainer-loss": Lazy(True),
    "diagnose": SimpleNamespace(healthy=diagnose),
    "workers": SimpleNamespace(loader=workers),
    "shards": SimpleNamespace(dataset=Shards),
    "best": SimpleNamespace(fit=keep(copy.deepcopy)),
    "lower-rate": SimpleNamespace(resume=lower_rate),
    "sharded": SimpleNamespace(setup=sharded),
    "answers-only": SimpleNamespace(trainer=answers_only),
}
QUICK = {
    "resume": SimpleNamespace(run=resume_quick),
    "accumulate": SimpleNamespace(step=accumulate_quick),
    "trainer-loss": Lazy(False),
    "diagnose": SimpleNamespace(healthy=diagnose_quick),
    "workers": SimpleNamespace(loader=workers_quick),
    "shards": SimpleNamespace(dataset=ByRank),
    "best": SimpleNamespace(fit=keep(lambda state: state)),
    "lower-rate": SimpleNamespace(resume=lower_rate_quick),
    "sharded": SimpleNamespace(setup=sharded_quick),
    "answers-only": SimpleNamespace(trainer=answers_only_quick),
}
