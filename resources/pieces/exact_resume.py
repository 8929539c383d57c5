"""A run that is killed and resumed goes on bit by bit as if nothing had happened.

Call `save_run(path, step, **parts)` and `step = load_run(path, **parts)`.

Copy the file; it needs torch and numpy. `Order` is a batch sampler that knows where it is
(whole batches only: the rows that are left over sit out that epoch, other ones the next),
`order.loader(dataset)` a DataLoader whose rows come out the same with any number of workers (each
row's augmentation has a seed of its own), `save_run` writes everything with a state at once,
`load_run` puts it back or raises. `first_difference` proves it for your own loop. Change nothing;
pass every object with a `state_dict`, also scaler, scheduler, average of weights, early stopping.
Under DDP each rank has its own file, since generators differ; sharded models need
torch.distributed.checkpoint for their weights, and this for the rest.

    order = Order(len(data), batch=32, seed=0)
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "order": order}
    step, batches = load_run(path, **parts) if path.exists() else 0, order.endless(data)
    while step < steps:
        train_on(next(batches))  # ends with optimizer.zero_grad()
        order.advance()
        step += 1
        if step % 1000 == 0 or step == steps:
            save_run(path, step, **parts)
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset


class Order:
    """Which rows come in which batch, of all epochs; one rank sees its share of each batch."""

    def __init__(
        self, rows: int, batch: int, seed: int, rank: int = 0, world: int = 1, shuffle: bool = True
    ) -> None:
        if rows < batch * world:
            raise ValueError(f"{rows} rows do not fill a batch of {batch * world}")
        self.rows, self.batch, self.seed = rows, batch, seed
        self.rank, self.world, self.shuffle = rank, world, shuffle
        self.epoch = self.done = 0  # batches that were trained on, not those that were fetched

    def __len__(self) -> int:
        """Batches left in this epoch; rows that do not fill the last one wait for another epoch."""
        return self.rows // (self.batch * self.world) - self.done

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(self.rows) if self.shuffle else np.arange(self.rows)
        seeds = rng.integers(2**32, size=self.rows)
        for number in range(self.done, self.done + len(self)):
            start = (number * self.world + self.rank) * self.batch
            mine = order[start : start + self.batch]
            yield [(int(row), int(seeds[row])) for row in mine]

    def advance(self) -> None:
        """Say that one batch more was trained on."""
        self.done += 1
        if len(self) == 0:
            self.epoch, self.done = self.epoch + 1, 0

    def loader(self, dataset: Dataset[Any], **more: Any) -> DataLoader[Any]:
        """Batches of `dataset` from here to the end of the epoch; `more` goes to DataLoader."""
        # A generator of its own: otherwise each new loader takes a number from the model's dropout.
        return DataLoader(_Seeded(dataset), batch_sampler=self, generator=torch.Generator(), **more)

    def endless(self, dataset: Dataset[Any], **more: Any) -> Iterator[Any]:
        """Batch after batch, epoch after epoch; call `advance` before the next is taken."""
        while True:
            yield from self.loader(dataset, **more)

    def state_dict(self) -> dict[str, int]:
        """Where the run is, and what it is a run over."""
        names = ("epoch", "done", "rows", "batch", "seed", "world")
        return {name: getattr(self, name) for name in names} | {"shuffle": int(self.shuffle)}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go there; ValueError if rows, batch, seed, ranks or shuffling are not those saved."""
        mine = self.state_dict()
        if changed := [n for n in mine.keys() - {"epoch", "done"} if mine[n] != state[n]]:
            raise ValueError(f"the data is not walked as before: {sorted(changed)}")
        self.epoch, self.done = state["epoch"], state["done"]


class _Seeded(Dataset):  # type: ignore[misc,type-arg,unused-ignore]
    """Rows of a dataset, each with its own seed for random, numpy and torch while it is made."""

    def __init__(self, dataset: Dataset[Any]) -> None:
        self.dataset = dataset

    def __getitem__(self, key: tuple[int, int]) -> Any:
        row, seed = key
        before = random.getstate(), np.random.get_state(), torch.get_rng_state()
        random.seed(seed)
        np.random.seed(seed)  # the one that most augmentations use
        torch.default_generator.manual_seed(seed)
        try:
            return self.dataset[row]
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])
            torch.set_rng_state(before[2])


def save_run(path: str | Path, step: int, **parts: Any) -> None:
    """Write step, all parts and all random generators to `path`, whole or not at all.

    Raises ValueError in the middle of an accumulation: gradients are not saved.
    """
    for name, part in parts.items():
        grads = _parameters(part).values()
        if any(p.grad is not None and bool(p.grad.any()) for p in grads):
            raise ValueError(f"{name} has gradients: save behind optimizer.zero_grad()")
    state = {
        "step": step,
        "parts": {name: part.state_dict() for name, part in parts.items()},
        "names": _names(parts),
        "random": _generators(),
    }
    target = Path(path)
    half = target.with_name(target.name + f".{os.getpid()}.part")
    with half.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    half.replace(target)


def load_run(path: str | Path, map_location: str = "cpu", **parts: Any) -> int:
    """Put every part and generator back and return the step; no code from the file is run.

    Raises ValueError unless the parts, and the parameters behind each optimizer, are those saved.
    """
    state = torch.load(path, map_location=map_location, weights_only=True)
    if odd := sorted(state["parts"].keys() ^ parts.keys()):
        raise ValueError(f"saved or given only: {odd}")
    for name, names in _names(parts).items():  # an optimizer knows its parameters by number only
        if names != state["names"][name]:
            raise ValueError(f"{name} holds other parameters, or in another order")
    for name, part in parts.items():
        part.load_state_dict(state["parts"][name])
    _restore(state["random"])
    return int(state["step"])


def first_difference(
    start: Callable[[], tuple[dict[str, Any], Callable[[], float]]],
    path: str | Path,
    stop: int,
    steps: int,
) -> str:
    """What differs first between a run and the same run resumed at `stop`; "" if nothing does.

    `start()` seeds, builds everything anew and returns the parts and a function that does one step
    and returns the loss.
    """
    parts, step = start()
    whole = [step() for _ in range(steps)]
    wanted = _flat({name: part.state_dict() for name, part in parts.items()})
    parts, step = start()
    for _ in range(stop):
        step()
    save_run(path, stop, **parts)
    parts, step = start()
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(987_654_321)  # as in a new process that forgot to restore them
    for number in range(load_run(path, **parts), steps):
        if (loss := step()) != whole[number]:
            return f"loss of step {number + 1}: {loss!r} instead of {whole[number]!r}"
    seen = _flat({name: part.state_dict() for name, part in parts.items()})
    for name in wanted.keys() | seen.keys():
        mine, theirs = seen.get(name), wanted.get(name)
        both = isinstance(mine, torch.Tensor) and isinstance(theirs, torch.Tensor)
        if not (torch.equal(mine, theirs) if both else mine == theirs):
            return name
    return ""


def _parameters(part: Any) -> dict[str, torch.nn.Parameter]:
    return dict(part.named_parameters()) if isinstance(part, torch.nn.Module) else {}


def _names(parts: dict[str, Any]) -> dict[str, list[str]]:
    known: dict[int, str] = {}
    for name, part in parts.items():
        for inner, parameter in _parameters(part).items():
            known.setdefault(id(parameter), f"{name}.{inner} {list(parameter.shape)}")
    return {
        name: [known.get(id(p), "unknown") for g in part.param_groups for p in g["params"]]
        for name, part in parts.items()
        if isinstance(part, torch.optim.Optimizer)
    }


def _generators() -> dict[str, Any]:
    numpy = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": [numpy[0], torch.from_numpy(np.array(numpy[1], np.int64)), *numpy[2:]],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _restore(state: dict[str, Any]) -> None:
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"].cpu())
    with contextlib.suppress(RuntimeError):  # fewer devices than before: theirs stay as they are
        torch.cuda.set_rng_state_all([one.cpu() for one in state["cuda"]])


def _flat(tree: Any, name: str = "") -> dict[str, Any]:
    if isinstance(tree, dict):
        pairs = tree.items()
    elif isinstance(tree, list | tuple):
        pairs = dict(enumerate(tree)).items()
    else:
        return {name: tree}
    return {k: v for key, value in pairs for k, v in _flat(value, f"{name}.{key}").items()}
