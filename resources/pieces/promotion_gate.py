"""May the candidate replace the champion? Shown on the same rows, over all and in every slice.

Call `decide(champion, candidate, {"country": country}, allow=0.02).verdict`.

Copy the file; it needs numpy and scipy. Pass one loss per row and model (squared error, log loss,
cost of the decision taken; less is better), and `unit` (user, day) where rows of one unit are
alike. `promote`: all rows are shown better, and every slice is shown to lose at most `allow`.
`keep`: harm is shown, or no gain although the rows could have told. `unknown`: too few units to
tell, which is never a pass. Change `allow` to the loss a slice may lose, `overall` to what all rows
may lose (0 wants a gain; the same recipe on fresher rows needs none), and name in `excused` the
slices that somebody took on himself. Judge once, on rows that chose nothing: the best of twenty
equal models looks better on the rows it was picked on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats


@dataclass(frozen=True, slots=True)
class Change:
    """Candidate less champion, in loss per row.

    `high` is a 5 % test for this slice alone, `low` one for all slices together: of many equal ones
    some look harmed.
    """

    where: str
    units: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, why, and the changes it rests on, all rows first."""

    verdict: Literal["promote", "keep", "unknown"]
    why: tuple[str, ...]
    changes: tuple[Change, ...]


def decide(
    champion: npt.ArrayLike,
    candidate: npt.ArrayLike,
    slices: Mapping[str, npt.ArrayLike] | None = None,
    unit: npt.ArrayLike | None = None,
    *,
    allow: float,
    overall: float = 0.0,
    excused: Collection[str] = (),
    units: int = 30,
) -> Decision:
    """The decision; slices are named `column=value`, fewer than `units` units cannot tell.

    Raises ValueError if the lengths differ or a loss is not finite: such rows are often the harm.
    """
    old, new = np.asarray(champion, float), np.asarray(candidate, float)
    owner = np.arange(len(old)) if unit is None else np.asarray(unit)
    columns = {name: np.asarray(values).astype(str) for name, values in (slices or {}).items()}
    if not all(len(column) == len(old) for column in (new, owner, *columns.values())):
        raise ValueError("losses, slices and unit must have one entry per row")
    if not (np.isfinite(old).all() and np.isfinite(new).all()):
        raise ValueError("a loss is not finite")
    change = new - old
    worst = float(change.max(initial=0.0))
    whole = _change("all rows", change, owner, worst)
    inside = {
        f"{name}={value}": values == value
        for name, values in columns.items()
        for value in np.unique(values).tolist()
    }
    parts = [_change(n, change[m], owner[m], worst, len(inside)) for n, m in inside.items()]
    harm, doubt = [], []
    for part in parts:
        if part.where in excused:
            continue
        if part.low > allow and part.units >= units:
            harm.append(f"{part.where}: loses {part.mean:.3g} a row")
        elif part.high > allow or part.units < units:
            doubt.append(f"{part.where}: {part.units} units cannot exclude {part.high:.3g} a row")
    if whole.units < units:
        doubt.append(f"all rows: {whole.units} units")
    elif whole.high >= overall:
        span = f"{whole.low:.3g} to {whole.high:.3g}"
        harm.append(f"all rows: not shown below {overall:.3g}, {whole.mean:.3g} ({span})")
    verdict: Literal["promote", "keep", "unknown"]
    verdict = "keep" if harm else "unknown" if doubt else "promote"
    return Decision(verdict, tuple(harm + doubt), (whole, *parts))


def _change(
    where: str,
    change: npt.NDArray[np.float64],
    owner: npt.NDArray[np.generic],
    worst: float,
    tests: int = 1,
) -> Change:
    """The mean over rows, its error from the sums of units.

    One unit more, as bad as the worst row seen anywhere, stands for what a small slice hides.
    """
    _, codes = np.unique(owner, return_inverse=True)
    rows = np.bincount(codes).astype(float)
    units, mean = len(rows), float(change.mean()) if len(change) else 0.0
    if units < 2:
        return Change(where, units, mean, -np.inf, np.inf)
    reach = float(stats.t.ppf(0.95, units - 1))
    error = _error(np.bincount(codes, change), rows)
    # The worst difference is that of one row: with equal units it weighs as one row of many.
    sums = np.append(np.bincount(codes, change), worst)
    padded = np.append(rows, 1.0)
    high = float(sums.sum() / padded.sum()) + reach * _error(sums, padded)
    low = mean - float(stats.t.ppf(1 - 0.05 / tests, units - 1)) * error
    return Change(where, units, mean, low, high)


def _error(sums: npt.NDArray[np.float64], rows: npt.NDArray[np.float64]) -> float:
    """Standard error of a ratio of sums over units (delta method)."""
    units = len(rows)
    rest = sums - sums.sum() / rows.sum() * rows
    return sqrt(float((rest**2).sum()) * units / (units - 1)) / float(rows.sum())
