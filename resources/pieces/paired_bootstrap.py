"""Is the new model better? The gain on the same rows with an interval that respects the unit.

Call `gain = paired_bootstrap(metric, y, old, new, unit=user)`.

Copy the file; it needs numpy and scipy. Pass any `metric(y, predictions) -> float` where more is
better (scores, classes or text labels, as your metric takes them), and `unit` (user, patient, day)
whenever rows of one unit are alike. `paired_bootstrap` speaks of two fitted models;
`compare_recipes` of two ways of training, from the differences over repeated splits, which overlap
and so must not go into a plain t-test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Gain:
    """New minus old on the same rows, its interval, and what the bootstrap drew from."""

    old: float
    new: float
    gain: float
    low: float
    high: float
    units: int
    lost: int
    """Draws in which the metric was not finite (one class only); many of them: too few units."""

    @property
    def better(self) -> bool:
        """Whether the interval lies above zero."""
        return self.low > 0


def paired_bootstrap(
    metric: Callable[[Array, Array], float],
    y: npt.ArrayLike,
    old: npt.ArrayLike,
    new: npt.ArrayLike,
    unit: npt.ArrayLike | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Gain:
    """The gain of `new` over `old`; both are scored on the same redrawn units each time.

    Raises ValueError if the lengths differ or the metric is not finite on all rows.
    """
    truth, a, b = np.asarray(y), np.asarray(old), np.asarray(new)
    labels = np.arange(len(truth)) if unit is None else np.asarray(unit)
    if not len(truth) == len(a) == len(b) == len(labels):
        raise ValueError("y, old, new and unit must have one entry per row")
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(sizes)[:-1])
    first, second = float(metric(truth, a)), float(metric(truth, b))
    if not np.isfinite(second - first):
        raise ValueError("the metric is not finite on all rows")
    rng, gains = np.random.default_rng(seed), np.empty(draws)
    for draw in range(draws):
        drawn = rng.integers(len(sizes), size=len(sizes))
        rows = drawn if unit is None else np.concatenate([members[i] for i in drawn])
        gains[draw] = metric(truth[rows], b[rows]) - metric(truth[rows], a[rows])
    kept = gains[np.isfinite(gains)]
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    lost = draws - len(kept)
    return Gain(first, second, second - first, float(low), float(high), len(sizes), lost)


def compare_recipes(
    differences: npt.ArrayLike, test_share: float, level: float = 0.95
) -> tuple[float, float, float, float]:
    """Mean gain, low, high and p-value over repeated splits (Nadeau and Bengio 2003).

    `differences` holds new minus old, one per fold; `test_share` is 0.2 for 5 folds.
    """
    values = np.asarray(differences, float)
    n, mean = len(values), float(values.mean())
    error = sqrt(float(values.var(ddof=1)) * (1 / n + test_share / (1 - test_share)))
    reach = float(stats.t.ppf((1 + level) / 2, n - 1)) * error
    p_value = float(2 * stats.t.sf(abs(mean) / error, n - 1)) if error else float(mean == 0)
    return mean, mean - reach, mean + reach, p_value
