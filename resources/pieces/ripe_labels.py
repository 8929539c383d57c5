"""Does the model still predict what happens? Observed over expected, on ripe labels only.

Call `observed_over_expected(p, outcome, day, now, wait=60, unknown=0).under()`.

Copy the file; it needs numpy and scipy. Pass what was predicted and when, the outcome so far (nan
where nothing has come), now, and `wait`, the age at which a label is final. Rows younger than that
are left out whole, also those whose label is there already: the early ones are not like the rest.
Change `wait` to the age by which 99 % of past positives had come, `unit` to the day or customer,
`unknown` to what a label means that never came (0 for "no chargeback"), and the bound of `under`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats


@dataclass(frozen=True, slots=True)
class Ratio:
    """Positives seen over the sum of probabilities, with its 90 % interval by unit."""

    observed: float
    expected: float
    ratio: float
    low: float
    high: float
    units: int
    unripe: int

    def under(self, bound: float = 1.15) -> bool:
        """Whether more happens than was predicted, beyond `bound`: page, recalibrate, retrain."""
        return self.low > bound


def observed_over_expected(
    predicted: npt.ArrayLike,
    outcome: npt.ArrayLike,
    made: npt.ArrayLike,
    now: float,
    wait: float,
    unit: npt.ArrayLike | None = None,
    unknown: float | None = None,
) -> Ratio:
    """The ratio over rows made at or before `now - wait`; times are numbers of one scale.

    `unit` is what rows depend on each other by: the value of `made` (a day) unless you pass it.

    Raises ValueError if a prediction is not in 0 to 1, a ripe label is missing and `unknown` is
    None, or there are fewer than two units.
    """
    p, y, at = (np.asarray(values, float) for values in (predicted, outcome, made))
    owner = at if unit is None else np.asarray(unit)
    if not len(p) == len(y) == len(at) == len(owner):
        raise ValueError("predicted, outcome, made and unit must have one entry per row")
    if not ((p >= 0) & (p <= 1)).all():  # nan is neither
        raise ValueError("a prediction is not a probability")
    ripe = at <= now - wait
    p, y, owner = p[ripe], y[ripe], owner[ripe]
    missing = int(np.isnan(y).sum())
    if missing and unknown is None:
        raise ValueError(f"{missing} of {len(y)} ripe labels are missing: say what that means")
    y = np.where(np.isnan(y), 0.0 if unknown is None else unknown, y)
    _, codes = np.unique(owner, return_inverse=True)
    seen, due = np.bincount(codes, y), np.bincount(codes, p)
    units, expected = len(seen), float(due.sum())
    if units < 2 or expected == 0:
        raise ValueError(f"{units} units with ripe labels, {expected:.3g} positives expected")
    ratio = float(seen.sum()) / expected
    rest = seen - ratio * due
    error = sqrt(float((rest**2).sum()) * units / (units - 1)) / expected
    reach = float(stats.t.ppf(0.95, units - 1)) * error
    low, high = ratio - reach, ratio + reach
    return Ratio(float(seen.sum()), expected, ratio, low, high, units, int((~ripe).sum()))
