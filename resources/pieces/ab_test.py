"""Read an A/B test: sample ratio, effect by user (CUPED, ratio metrics), sequential looks, size.

Call `effect = compare(a, b)` and `arms = by_user(user, arm, event_user, event_value)`.

Copy the file; it needs numpy and scipy. With one value per assigned user ``compare(a, b)`` is all;
with logs give `by_user` the assignment log and the events, test
`sample_ratio` first, then `compare`. Change only what you pass in: the metric is total / size per
user (size is 1 without `event_size`: a mean per assigned user; with it, a ratio such as clicks per
session). `before` is the same metric from before assignment, one value per user in the order of
the assignment log; anything measured after assignment there biases the effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log, sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arm:
    """One value per assigned user: what was counted, over what size, and the covariate before."""

    total: Floats
    size: Floats
    before: Floats | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """Treatment minus control with its interval, in the unit of the metric."""

    control: float
    treatment: float
    difference: float
    error: float
    low: float
    high: float
    p_value: float
    sd: float
    """Spread of one user after CUPED; what `users_per_arm` wants."""
    variance_removed: float
    """Share of the variance that CUPED took away, 0 without `before`."""

    def not_worse_than(self, margin: float) -> bool:
        """Whether a guardrail (more is better) holds: the interval excludes a loss of `margin`."""
        return self.low > -margin


def sample_ratio(counts: Sequence[int], planned: Sequence[float] | None = None) -> float:
    """The p-value that `counts` of assigned users come from the planned shares (default equal).

    Below 0.001 the assignment or the log is broken: find the bug, do not reweight.
    """
    shares = np.ones(len(counts)) if planned is None else np.asarray(planned, float)
    expected = shares / shares.sum() * sum(counts)
    return float(stats.chisquare(counts, expected).pvalue)


def by_user(
    assigned_user: npt.ArrayLike,
    assigned_arm: npt.ArrayLike,
    event_user: npt.ArrayLike,
    event_value: npt.ArrayLike,
    event_size: npt.ArrayLike | None = None,
    before: npt.ArrayLike | None = None,
) -> dict[str, Arm]:
    """Events summed per assigned user, by arm; users without events count as zero.

    Raises ValueError for a user in two arms, a user listed twice, or an event of nobody assigned.
    """
    users, arms = np.asarray(assigned_user), np.asarray(assigned_arm).astype(str)
    known, first, row = np.unique(users, return_index=True, return_inverse=True)
    if len(known) < len(users):
        mixed = len(np.unique(known[row[arms != arms[first][row]]]))
        raise ValueError(f"{len(users) - len(known)} repeated rows, {mixed} users in two arms")
    events = np.asarray(event_user)
    at = np.searchsorted(known, events).clip(max=len(known) - 1)
    if (strangers := int((known[at] != events).sum())) > 0:
        raise ValueError(f"{strangers} events belong to users who were never assigned")
    total = np.bincount(at, np.asarray(event_value, float), len(known)).astype(float)
    size = np.ones(len(known))
    if event_size is not None:
        size = np.bincount(at, np.asarray(event_size, float), len(known)).astype(float)
    past = None if before is None else np.asarray(before, float)[first]
    return {
        str(name): Arm(total[here], size[here], None if past is None else past[here])
        for name in np.unique(arms)
        for here in [arms[first] == name]
    }


def compare(
    control: Arm | npt.ArrayLike, treatment: Arm | npt.ArrayLike, level: float = 0.95
) -> Effect:
    """The difference of total/size by the delta method over users; CUPED if `before` is there.

    Arms are from `by_user`, or arrays with one value per user. Sessions of one user are not
    independent, users are: the variance is taken over users.
    """
    control, treatment = arms = _arm(control), _arm(treatment)
    rates = [float(arm.total.sum() / arm.size.sum()) for arm in arms]
    spread = [(a.total - r * a.size) / a.size.mean() for a, r in zip(arms, rates, strict=True)]
    raw = _variance(spread)
    difference, removed = rates[1] - rates[0], 0.0
    if control.before is not None and treatment.before is not None:
        moved = [control.before - control.before.mean(), treatment.before - treatment.before.mean()]
        past = np.concatenate(moved)
        theta = float(past @ np.concatenate(spread) / (past @ past))
        difference -= theta * float(treatment.before.mean() - control.before.mean())
        spread = [s - theta * x for s, x in zip(spread, moved, strict=True)]
        removed = 1 - _variance(spread) / raw
    error = sqrt(raw * (1 - removed))
    reach = float(stats.norm.ppf((1 + level) / 2)) * error
    p_value = float(2 * stats.norm.sf(abs(difference) / error))
    sd = float(np.concatenate(spread).std(ddof=1))
    low, high = difference - reach, difference + reach
    return Effect(rates[0], rates[1], difference, error, low, high, p_value, sd, removed)


def _arm(values: Arm | npt.ArrayLike) -> Arm:
    if isinstance(values, Arm):
        return values
    total = np.asarray(values, float)
    return Arm(total, np.ones(len(total)))


def _variance(spread: list[Floats]) -> float:
    return sum(float(arm.var(ddof=1)) / len(arm) for arm in spread)


def any_time(effect: Effect, expected: float, alpha: float = 0.05) -> tuple[float, float, float]:
    """Low, high and p-value that stay valid at every look (mixture sequential test).

    `expected` is the effect worth finding, fixed before the test; it sets power, not validity.
    Start looking at some hundred users per arm: the error must be known by then.
    """
    own, prior = effect.error**2, expected**2
    wide = (own + prior) / prior * (2 * log(1 / alpha) + log((own + prior) / own))
    reach = effect.error * sqrt(wide)
    odds = effect.difference**2 * prior / (2 * own * (own + prior)) + log(own / (own + prior)) / 2
    p_value = min(1.0, exp(-odds)) if odds > 0 else 1.0
    return effect.difference - reach, effect.difference + reach, p_value


def users_per_arm(sd: float, effect: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Users in each of two equal arms that find `effect` with `power` at a fixed horizon."""
    quantiles = float(stats.norm.ppf([1 - alpha / 2, power]).sum())
    return ceil(2 * (quantiles * sd / effect) ** 2)
