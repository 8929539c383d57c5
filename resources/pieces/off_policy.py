"""What would another policy have earned on traffic that the old policy chose?

Call `value = policy_value(reward, logged, candidate)`.

Copy the file; it needs numpy only. One entry per decision: the reward seen, the probability with
which the logging policy showed what it showed (log it when deciding, it cannot be rebuilt), and the
probability with which the candidate would show the same (0 or 1 for a fixed rule).
Change `cap` to trade bias for spread; without it a few rare rows can carry the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Value:
    """The candidate's mean reward with a 95 % interval, and whether the log can tell."""

    value: float
    low: float
    high: float
    mean_weight: float
    """Should be 1; far from it, the propensities are wrong or the log never shows what it needs."""
    effective_rows: float
    """Rows of direct evidence that the weighted ones are worth."""

    @property
    def usable(self) -> bool:
        """Whether the weights add up and enough rows speak."""
        return abs(self.mean_weight - 1) < 0.1 and self.effective_rows >= 500


def policy_value(
    reward: npt.ArrayLike,
    logged: npt.ArrayLike,
    candidate: npt.ArrayLike,
    cap: float = float("inf"),
) -> Value:
    """Self-normalised inverse propensity estimate; raises ValueError for impossible propensities.

    Rows are taken as independent: give one row per user, or the mean per user.
    """
    gain, old, new = (np.asarray(values, float) for values in (reward, logged, candidate))
    if not ((old > 0) & (old <= 1)).all() or not ((new >= 0) & (new <= 1)).all():
        raise ValueError("propensities must lie in 0 to 1, and what was shown had more than 0")
    weight = np.minimum(new / old, cap)
    total = float(weight.sum())
    if total == 0:
        raise ValueError("the candidate never does what the log shows")
    value = float((weight * gain).sum()) / total
    reach = 1.96 * sqrt(float((weight**2 * (gain - value) ** 2).sum())) / total
    effective = total**2 / float((weight**2).sum())
    return Value(value, value - reach, value + reach, float(weight.mean()), effective)
