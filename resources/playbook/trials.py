"""Assignment, sample ratio, and the arithmetic of an A/B test analysed by its unit of assignment.

Change: `SALT` for each test, or the same flights end up in the same arm every time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy import stats

SALT = "delay-2013-06"
Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def position(unit: str, salt: str = SALT) -> float:
    """A fixed place in [0, 1) for a unit: below 0.05 is the first 5 %, and stays in at 25 %."""
    return int(hashlib.sha256(f"{salt}|{unit}".encode()).hexdigest()[:13], 16) / 16**13


def treated(units: Iterable[str], share: float, salt: str = SALT) -> Bools:
    """Which units are in the treatment arm."""
    return np.array([position(unit, salt) < share for unit in units])


def sample_ratio(arms: Bools, share: float) -> float:
    """Chance of counts this far from the plan; below 0.001 look for the fault, do not read on."""
    return float(stats.binomtest(int(arms.sum()), len(arms), share).pvalue)


def compare(value: Array, arms: Bools) -> tuple[float, float, float]:
    """Difference of means (treated less control) and its 95 % interval, by Welch."""
    a, b = value[arms], value[~arms]
    found = stats.ttest_ind(a, b, equal_var=False)
    low, high = found.confidence_interval(0.95)
    return float(a.mean() - b.mean()), float(low), float(high)


def false_alarms(value: Array, unit: npt.NDArray[np.int64], by_unit: bool, draws: int) -> float:
    """Share of A/A tests that find a difference: units drawn at random, analysed as said.

    ``by_unit=False`` is the wrong analysis: units are assigned, rows are tested.
    """
    rng, alarms = np.random.default_rng(0), 0
    count = np.bincount(unit).astype(float)
    total = np.bincount(unit, value)
    for _ in range(draws):
        arm = rng.random(len(count)) < 0.5
        if by_unit:  # a ratio of sums per unit: the delta method, with the mean known
            rest = (total - value.mean() * count) / count.mean()
            p = stats.ttest_ind(rest[arm], rest[~arm], equal_var=False).pvalue
        else:
            p = stats.ttest_ind(value[arm[unit]], value[~arm[unit]], equal_var=False).pvalue
        alarms += bool(p < 0.05)
    return alarms / draws
