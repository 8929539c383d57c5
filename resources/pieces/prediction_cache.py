"""A cache of predictions that forgets with the model, computes once, and does not keep failures.

Call `answer = await cache.get(model_name, row, compute)` of `cache = Cache()`.

Copy the file; standard library only. ``await cache.get(model, row, compute)``: the model's name is
part of the key, so a release or a rollback never answers with another model's scores; callers who
ask for the same row at once share one computation; an error is not kept. Change `size`, `seconds`
(how old an answer may be: as old as its features). Before you round floats to get hits, measure how
many decisions that changes; `hits` and `misses` say whether the cache is worth its place.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


def key(model: str, row: Mapping[str, Any]) -> str:
    """The same for the same model and values, whatever the order of names; 1 and 1.0 differ."""
    text = json.dumps([model, row], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class Cache:
    """For one event loop."""

    size: int = 10_000
    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    hits: int = 0
    misses: int = 0
    _kept: OrderedDict[str, tuple[float, asyncio.Task[Any]]] = field(default_factory=OrderedDict)

    async def get(
        self, model: str, row: Mapping[str, Any], compute: Callable[[], Awaitable[Any]]
    ) -> Any:
        """The answer of `compute` for this model and row, from now or from before."""
        name = key(model, row)
        until, task = self._kept.get(name, (0.0, None))
        if task is not None and self.clock() < until:
            self.hits += 1
            self._kept.move_to_end(name)
        else:
            self.misses += 1
            task = asyncio.ensure_future(self._compute(name, compute))
            self._kept[name] = (self.clock() + self.seconds, task)
            self._kept.move_to_end(name)
            while len(self._kept) > self.size:
                self._kept.popitem(last=False)
        return await asyncio.shield(task)  # one caller that leaves must not fail the others

    async def _compute(self, name: str, compute: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await compute()
        except BaseException:
            if self._kept.get(name, (0.0, None))[1] is asyncio.current_task():
                del self._kept[name]
            raise
