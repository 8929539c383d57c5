"""Rows from many shard files, shuffled, each once an epoch over all ranks and workers, resumable.

Call `stream = ShardStream(shards, read, rank=rank, world=world)`.

Copy the file; it needs torch and numpy. A plain IterableDataset gives every row to every worker.
Pass `shards` (names, the same list on each rank), `read(shard)` (its rows, in a fixed order) and
`collate` (`list` to get rows). The stream never ends: stop by steps, so that no rank waits for
another at the end of an epoch; `epochs=1` ends it, with a smaller last batch. Each item is
(mark, batch); call `seen(mark)` for each batch that was trained on, and save `state_dict()`. Change
`buffer`, the rows among which are drawn; it is filled anew on resume by reading again, so keep
`read` cheap and decode in `collate`.

    stream = ShardStream(shards, read, collate, batch=32, seed=0, rank=rank, world=world)
    for mark, batch in torch.utils.data.DataLoader(stream, batch_size=None, num_workers=4):
        train_on(batch)
        stream.seen(mark)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info


class ShardStream(IterableDataset):  # type: ignore[misc,type-arg,unused-ignore]
    """Batches; the order depends on seed, ranks and workers, not on timing."""

    def __init__(
        self,
        shards: Sequence[str],
        read: Callable[[str], Iterable[Any]],
        collate: Callable[[list[Any]], Any] = torch.utils.data.default_collate,
        batch: int = 32,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        buffer: int = 1000,
        epochs: int | None = None,
    ) -> None:
        self.shards, self.read, self.collate = list(shards), read, collate
        self.batch, self.seed, self.buffer = batch, seed, buffer
        self.rank, self.world, self.epochs = rank, world, epochs
        self.workers = 0  # how many there were; 0 before the first batch
        self.done: dict[int, int] = {}  # batches trained on, by worker
        self.next = 0  # the worker whose batch comes next

    def __iter__(self) -> Iterator[tuple[tuple[int, int, int], Any]]:
        info = get_worker_info()
        workers, me = (info.num_workers, info.id) if info else (1, 0)
        if self.workers not in (0, workers):
            raise ValueError(f"resumed with {workers} workers, saved with {self.workers}")
        if len(self.shards) < self.world * workers:
            raise ValueError(f"{len(self.shards)} shards for {self.world * workers} readers")
        me = (me + self.next) % workers  # the loader asks its first worker first
        skip = self.done.get(me, 0)
        for number, rows in enumerate(self._batches(me, workers)):
            if number >= skip:
                yield (me, number + 1, workers), self.collate(rows)

    def seen(self, mark: tuple[int, int, int]) -> None:
        """Say that the batch with this mark was trained on."""
        worker, number, self.workers = (int(part) for part in mark)
        self.done[worker], self.next = number, (worker + 1) % self.workers

    def state_dict(self) -> dict[str, Any]:
        """Where each worker is, and what the stream runs over."""
        fixed = {n: getattr(self, n) for n in ("batch", "seed", "world", "buffer", "shards")}
        return {"fixed": fixed, "workers": self.workers, "done": dict(self.done), "next": self.next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go there; ValueError if shards, batch, seed, ranks or buffer are not those saved."""
        if self.state_dict()["fixed"] != state["fixed"]:
            raise ValueError("the stream does not run over what was saved")
        self.workers, self.done, self.next = state["workers"], dict(state["done"]), state["next"]

    def _batches(self, me: int, workers: int) -> Iterator[list[Any]]:
        rows: list[Any] = []
        for row in self._rows(me, workers):
            rows.append(row)
            if len(rows) == self.batch:
                yield rows
                rows = []
        if rows:
            yield rows

    def _rows(self, me: int, workers: int) -> Iterator[Any]:
        for epoch in count() if self.epochs is None else range(self.epochs):
            # All readers draw the same order of shards and take every n-th.
            order = np.random.default_rng([self.seed, epoch]).permutation(len(self.shards))
            mine = order[self.rank * workers + me :: self.world * workers]
            rng = np.random.default_rng([self.seed, epoch, self.rank, me])
            held: list[Any] = []
            for shard in mine:
                for row in self.read(self.shards[shard]):
                    held.append(row)
                    if len(held) > self.buffer:
                        yield held.pop(int(rng.integers(len(held))))
            rng.shuffle(held)
            yield from held
