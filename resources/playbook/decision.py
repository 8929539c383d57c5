"""The decision, its costs, and what a policy costs: the one metric of every stage.

Two hours before departure: protect the connecting passengers of this flight (hold seats on a later
one) or not. Costs are in seats and are assumed; change `Costs`, and read the sensitivity table
before you believe a gain. `late` is what the decision is about: more than 30 minutes late at the
destination, cancelled or diverted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Costs:
    """What each outcome costs."""

    protect: float = 1.0
    late_protected: float = 1.0
    """Beside `protect`."""
    late_unprotected: float = 6.0

    @property
    def threshold(self) -> float:
        """Act when the probability is larger: there both acts cost the same."""
        return self.protect / (self.late_unprotected - self.late_protected)


COSTS = Costs()


def cost(late: npt.ArrayLike, act: npt.ArrayLike, costs: Costs = COSTS) -> Array:
    """The cost of every case; its mean times 1,000 is the figure reported.

    Raises:
        ValueError: the lengths differ.
    """
    y, a = np.asarray(late, float), np.asarray(act, float)
    if y.shape != a.shape:
        raise ValueError(f"{len(y)} outcomes for {len(a)} decisions")
    late_cost = np.where(a > 0, costs.late_protected, costs.late_unprotected)
    return np.asarray(costs.protect * a + y * late_cost, float)


def per_thousand(late: npt.ArrayLike, act: npt.ArrayLike, costs: Costs = COSTS) -> float:
    """Mean cost of 1,000 decisions."""
    return float(1000 * cost(late, act, costs).mean())


def by_day(difference: npt.ArrayLike, day: npt.ArrayLike) -> tuple[Array, Array]:
    """Sum and number of cases per day: flights of one day share their weather, days are units."""
    _, code = np.unique(np.asarray(day), return_inverse=True)
    values = np.asarray(difference, float)
    return np.bincount(code, values).astype(float), np.bincount(code).astype(float)


def day_interval(
    difference: npt.ArrayLike, day: npt.ArrayLike, level: float = 0.95, draws: int = 2000
) -> tuple[float, float, float]:
    """Mean difference per 1,000 cases and its interval, by a bootstrap that redraws whole days."""
    total, count = by_day(difference, day)
    pick = np.random.default_rng(0).integers(0, len(total), (draws, len(total)))
    means = 1000 * total[pick].sum(1) / count[pick].sum(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(1000 * total.sum() / count.sum()), float(low), float(high)
