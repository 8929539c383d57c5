"""Call a model that may fail: few retries, a breaker, a fallback that is counted, quick recovery.

Call `guard = Guard()`, then `answer, by = await guard(call, fallback)`.

Copy the file; standard library only. ``answer, by = await guard(call, fallback)`` tries `call`
within `deadline`, retries only from a budget (a share of the calls, so that a dip does not become
a storm that outlives it), stops calling while most calls fail, and lets single calls through to see
whether it is well again. Change `deadline`, `window`, `share` and what `fallback` answers (last
known score, simple rule, default decision). A constant fallback gives no HTTP error: alarm on
`fallback_share`, and log `by` with every decision, or training learns from the fallback.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Answer = TypeVar("Answer")


@dataclass(slots=True)
class Guard:
    """One for each thing that is called; its numbers are for metrics."""

    deadline: float = 0.5
    retries: float = 0.1
    """Retries that each call earns: 0.1 is at most one retry in ten calls."""
    share: float = 0.5
    """The share of failures among the last calls that opens the breaker."""
    window: int = 20
    pause: float = 5.0
    """Seconds until an open breaker lets one call through."""
    ours: tuple[type[Exception], ...] = ()
    """What a bad input raises (an HTTP 4xx): no fault of the model, not retried, passed on."""
    clock: Callable[[], float] = time.monotonic
    calls: int = 0
    fallbacks: int = 0
    _results: deque[bool] = field(default_factory=deque)
    _budget: float = 1.0
    _probe: float | None = None

    @property
    def fallback_share(self) -> float:
        """The share of all calls that the fallback answered."""
        return self.fallbacks / max(self.calls, 1)

    @property
    def open(self) -> bool:
        """Whether the model is left alone."""
        return self._probe is not None

    async def __call__(
        self, call: Callable[[], Awaitable[Answer]], fallback: Callable[[], Answer]
    ) -> tuple[Answer, Literal["model", "fallback"]]:
        """The answer, and who gave it; raises what is in `ours`."""
        self.calls += 1
        again = False
        while self.admit(again):
            try:
                async with asyncio.timeout(self.deadline):
                    answer = await call()
            except self.ours:
                self.record(True)
                raise
            except Exception:
                self.record(False)
                again = True
            else:
                self.record(True)
                return answer, "model"
        self.fallbacks += 1
        return fallback(), "fallback"

    def admit(self, again: bool = False) -> bool:
        """Whether a call, or with `again` a retry, may go out now."""
        if self._probe is not None:
            if again or self.clock() < self._probe:
                return False
            self._probe = self.clock() + self.pause  # one call; the others go on waiting
            return True
        if not again:
            self._budget = min(self._budget + self.retries, 10.0)
            return True
        if self._budget < 1:
            return False
        self._budget -= 1
        return True

    def record(self, good: bool) -> None:
        """Count the end of a call that was admitted."""
        if self._probe is not None:
            if good:
                self._probe = None
                self._results.clear()
            return
        self._results.append(good)
        if len(self._results) > self.window:
            self._results.popleft()
        failed = self._results.count(False)
        if len(self._results) == self.window and failed >= self.share * self.window:
            self._probe = self.clock() + self.pause
