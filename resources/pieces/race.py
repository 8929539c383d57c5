"""Is the new way faster, by how much, and does it answer the same?

Call `seen = race(old, new, inputs)`.

Copy the file; it needs numpy only. `race` takes two callables and a list of real inputs (several,
not one: caches and branches differ), runs them in turns so that a busy or hot machine slows both,
and keeps the first calls apart. Pass `wait=torch.cuda.synchronize` (or `jax.block_until_ready` in
the callable itself): an accelerator returns before it has worked. Change `differ` to the distance
that matters for your outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Race:
    """Seconds of both ways, how many times faster the new one is, how far its answers are off."""

    old: float
    """Median seconds of a call."""
    new: float
    old_p99: float
    new_p99: float
    gain: float
    """Old over new, the median over pairs of calls; above 1 the new way is faster."""
    low: float
    high: float
    first_new: float
    """Seconds of the first new call: loading, compiling, filling caches."""
    apart: float
    """The largest `differ` between both answers to one input."""

    @property
    def faster(self) -> bool:
        """Whether the interval of the gain lies above 1."""
        return self.low > 1

    @property
    def calls_to_pay_back(self) -> float:
        """Calls after which the first one is earned; infinite when the new way is not faster."""
        saved = self.old - self.new
        return (self.first_new - self.new) / saved if saved > 0 else float("inf")


def furthest(old: Any, new: Any) -> float:
    """The largest difference of two arrays; raises ValueError when their shapes differ."""
    a, b = np.asarray(old, float), np.asarray(new, float)
    if a.shape != b.shape:
        raise ValueError(f"shapes differ: {a.shape} and {b.shape}")
    return float(np.abs(a - b).max(initial=0.0))


def race(
    old: Callable[[Any], Any],
    new: Callable[[Any], Any],
    inputs: Sequence[Any],
    rounds: int = 10,
    wait: Callable[[], object] = lambda: None,
    differ: Callable[[Any, Any], float] = furthest,
    clock: Callable[[], float] = perf_counter,
) -> Race:
    """Time both on every input, `rounds` times, in turns; raises ValueError below 30 pairs."""
    if len(inputs) * rounds < 30:
        raise ValueError("fewer than 30 pairs: add inputs or rounds")

    def seconds(way: Callable[[Any], Any], given: Any) -> tuple[float, Any]:
        wait()
        start = clock()
        answer = way(given)
        wait()
        return clock() - start, answer

    first_new, _ = seconds(new, inputs[0])
    apart = 0.0
    for given in inputs:  # warms both up on every input
        apart = max(apart, differ(seconds(old, given)[1], seconds(new, given)[1]))
    times = np.empty((rounds * len(inputs), 2))
    for pair in range(len(times)):
        given, turn = inputs[pair % len(inputs)], pair // len(inputs)
        for way in (0, 1) if (turn + pair) % 2 else (1, 0):
            times[pair, way] = seconds((old, new)[way], given)[0]
    gain, low, high = _ratio(times)
    median, tail = np.median(times, axis=0), np.quantile(times, 0.99, axis=0)
    return Race(
        float(median[0]), float(median[1]), float(tail[0]), float(tail[1]),
        gain, low, high, first_new, apart,
    )  # fmt: skip


def _ratio(times: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Median ratio over pairs with a 95 % interval by bootstrap."""
    ratio = times[:, 0] / np.maximum(times[:, 1], 1e-12)
    rows = np.random.default_rng(0).integers(0, len(ratio), (1000, len(ratio)))
    low, high = np.quantile(np.median(ratio[rows], axis=1), (0.025, 0.975))
    return float(np.median(ratio)), float(low), float(high)
