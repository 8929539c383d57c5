"""Assignment, sample ratio, and the arithmetic of an A/B test analysed by its unit of assignment.

Change: `SALT` for each test, or the same flights end up in the same arm every time; `UNIT` in
`plan.py` is what is assigned.
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


def compare(
    value: Array, arms: Bools, unit: npt.ArrayLike | None = None
) -> tuple[float, float, float]:
    """Difference of means (treated less control) and its 95 % interval, by Welch.

    `unit` says which rows were assigned together (a day, a customer): then means are ratios of
    sums over units, by the delta method, and only units count. Without it each row is its own.
    """
    _, code = np.unique(np.arange(len(value)) if unit is None else unit, return_inverse=True)
    count, total = np.bincount(code).astype(float), np.bincount(code, value)
    arm = np.zeros(len(count), bool)
    arm[code] = arms
    if (arm[code] != arms).any():
        raise ValueError("rows of one unit are in both arms")
    means, rests = [], []
    for side in (arm, ~arm):
        mean = total[side].sum() / count[side].sum()
        rests.append((total[side] - mean * count[side]) / count[side].mean())
        means.append(mean)
    difference = means[0] - means[1]
    low, high = stats.ttest_ind(*rests, equal_var=False).confidence_interval(0.95)
    return float(difference), float(low + difference), float(high + difference)


def false_alarms(value: Array, unit: npt.NDArray[np.int64], by_unit: bool, draws: int) -> float:
    """Share of A/A tests that find a difference: units drawn at random, analysed as said.

    ``by_unit=False`` is the wrong analysis: units are assigned, rows are tested.
    """
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(draws):
        arm = (rng.random(unit.max() + 1) < 0.5)[unit]
        _, low, high = compare(value, arm, unit if by_unit else None)
        alarms += low > 0 or high < 0
    return alarms / draws


def explored(
    units: Iterable[str], act: Bools, share: float, salt: str = SALT
) -> tuple[Bools, Array]:
    """Acts of which a share is turned round by lot, and the chance that each had: log both.

    For acts that change the outcome: without chances nothing can be said later of another policy.
    """
    turned = treated(units, share, f"{salt}|explore")
    return act ^ turned, np.where(turned, share, 1 - share)


def weighted(value: Array, act: Bools, chance: Array, policy: Bools) -> float:
    """Mean value that `policy` would have had, from logged acts and their chances."""
    weight = (act == policy) / chance
    return float((weight * value).sum() / weight.sum())
