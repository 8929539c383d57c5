"""How many replicas hold the latency target, and what does a request cost then?

Call `replicas_for(arrivals, seconds, p99=0.05, max_batch=16)`.

Copy the file; it needs numpy only. `simulate` plays arrival times (your access log, or `poisson`)
against replicas that serve in batches, as a server under an open load would: nobody waits politely
for the last answer before asking again. Change `seconds(size)`, the measured time of a batch of
that size, and `wait`, how long an incomplete batch is held back. Leave out what the model does not
do: failures, cold starts, the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapreplace

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Load:
    """Latencies of the answered requests in seconds, the share refused, how busy replicas were."""

    latency: Array
    refused: float
    busy: float
    batch: float
    """Mean size of a batch."""

    def p(self, percent: float) -> float:
        """The latency that `percent` of all requests keep; infinite when more are refused."""
        asked = percent / 100 / (1 - self.refused) if self.refused < 1 else 2.0
        return float(np.quantile(self.latency, asked)) if asked <= 1 else float("inf")


def poisson(rate: float, seconds: float, seed: int = 0) -> Array:
    """Arrival times of independent users at `rate` a second; real traffic is burstier."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0, seconds, rng.poisson(rate * seconds)))


def simulate(
    arrivals: npt.ArrayLike,
    seconds: Callable[[int], float],
    replicas: int = 1,
    max_batch: int = 1,
    wait: float = 0.0,
    queue: int | None = None,
) -> Load:
    """One shared queue, first come first served; it holds `queue` requests, or one batch."""
    came = np.sort(np.asarray(arrivals, float)).tolist()
    room = float("inf") if queue is None else max(queue, max_batch)
    free = [0.0] * replicas  # a heap: when each replica is free again
    latency: list[float] = []
    line: list[float] = []
    refused, busy, batches, here = 0, 0.0, 0, 0
    while here < len(came) or line:
        if not line:
            line, here = [came[here]], here + 1
        start = max(free[0], line[0])
        close = max(start, line[0] + wait)
        while here < len(came) and (
            came[here] <= start or (came[here] <= close and len(line) < max_batch)
        ):
            if len(line) < room:
                line.append(came[here])
            else:
                refused += 1
            here += 1
        # A full batch goes with its last request, an incomplete one when the first has waited.
        start = close if len(line) < max_batch else max(start, line[max_batch - 1])
        batch, line = line[:max_batch], line[max_batch:]
        took = seconds(len(batch))
        heapreplace(free, start + took)
        latency += [start + took - one for one in batch]
        busy, batches = busy + took, batches + 1
    span = (max(free) - came[0]) * replicas if came else 1.0
    return Load(
        np.asarray(latency), refused / max(len(came), 1), busy / span,
        len(latency) / max(batches, 1),
    )  # fmt: skip


def replicas_for(
    arrivals: npt.ArrayLike,
    seconds: Callable[[int], float],
    p99: float,
    max_batch: int = 1,
    wait: float = 0.0,
    most: int = 1000,
) -> int:
    """The fewest replicas that keep the 99th percentile; raises ValueError when none do."""
    if seconds(1) > p99:
        raise ValueError(f"one request alone takes {seconds(1):.3g} s: no number of replicas helps")
    for replicas in range(1, most + 1):
        if simulate(arrivals, seconds, replicas, max_batch, wait).p(99) <= p99:
            return replicas
    raise ValueError(f"not with {most} replicas")


def cost_per_million(replicas: int, price_per_hour: float, requests_per_hour: float) -> float:
    """What a million requests cost, idle time included: use the mean rate, not the peak."""
    return replicas * price_per_hour / requests_per_hour * 1e6
