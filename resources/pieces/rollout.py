"""Bring a new model to traffic in steps: shadow, sticky canary, a gate with three answers.

Call `verdict(old_bad, old, new_bad, new, margin=0.01, looks=20).say` and `arm(user, salt, 0.05)`.

Copy the file; standard library only. `Shadow` asks the candidate too and counts where its decision
differs; it never delays, changes or fails the real answer, and drops when the candidate is slow.
`arm` gives the same user the same model as the share grows. `verdict` says promote, roll back or
wait, however often you look (up to `looks`), from counts of bad units: errors, answers over the
latency target, fallbacks, complaints. Count the unit you assign by (users with a bad answer among
users), not requests. Change `margin`, the rise you could live with; at the last look, waiting
means roll back.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, Generic, Literal, TypeVar

Row = TypeVar("Row")


def arm(unit: str, salt: str, share: float) -> Literal["new", "old"]:
    """Which model serves `unit`; a new `salt` for each rollout, else it meets the same users."""
    digest = hashlib.sha256(f"{salt}:{unit}".encode()).digest()
    return "new" if int.from_bytes(digest[:8]) < share * 2**64 else "old"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, and the interval of the rise in the share of bad units."""

    say: Literal["promote", "wait", "roll back"]
    low: float
    high: float


def verdict(
    old_bad: int, old: int, new_bad: int, new: int, *, margin: float, looks: int, risk: float = 0.05
) -> Verdict:
    """Promote when the rise is shown to be below `margin`, roll back when it is shown to be real.

    `looks` is how often you will ask in all; `risk` is the chance of one wrong answer among them.
    """
    z = NormalDist().inv_cdf(1 - risk / looks)
    (p, p_low, p_high), (q, q_low, q_high) = _wilson(old_bad, old, z), _wilson(new_bad, new, z)
    low = q - p - math.hypot(q - q_low, p_high - p)  # Newcombe's interval
    high = q - p + math.hypot(q_high - q, p - p_low)
    if high <= margin:
        return Verdict("promote", low, high)
    return Verdict("roll back" if low > 0 else "wait", low, high)


def _wilson(bad: int, n: int, z: float) -> tuple[float, float, float]:
    """The share, and the bounds that hold also for no bad unit and for few units."""
    if not 0 <= bad <= n:
        raise ValueError(f"{bad} bad of {n}")
    if n == 0:
        return 0.5, 0.0, 1.0
    p = bad / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return p, max(0.0, middle - half), min(1.0, middle + half)


@dataclass(slots=True)
class Shadow(Generic[Row]):
    """``shadow.mirror(row, answer)`` behind each real answer, on the event loop of the server."""

    candidate: Callable[[Row], Awaitable[Any]]
    differs: Callable[[Any, Any], bool]
    limit: int = 8
    timeout: float = 1.0
    mirrored: int = 0
    dropped: int = 0
    failed: int = 0
    different: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def mirror(self, row: Row, answer: Any) -> None:
        """Ask the candidate in the background; drop if it already works on `limit` rows."""
        if len(self._tasks) >= self.limit:
            self.dropped += 1
            return
        task = asyncio.create_task(self._ask(row, answer))
        self._tasks.add(task)  # the loop alone does not keep a task from being collected
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, row: Row, answer: Any) -> None:
        try:
            async with asyncio.timeout(self.timeout):
                other = await self.candidate(row)
            different = bool(self.differs(answer, other))
        except Exception:
            self.failed += 1
        else:
            self.mirrored += 1
            self.different += different

    async def drain(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._tasks)
