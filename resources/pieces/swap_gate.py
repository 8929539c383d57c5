"""May the smaller or faster model (quantised, pruned, compiled, distilled) replace the old one?

Call `found = faults(old, new, rows, y)`.

Copy the file; it needs numpy and scipy. `faults` takes both models as functions from rows to
labels, held-out rows with their truth, and the columns to look into; no fault means: on all rows
and in every slice it is shown, at 95 %, that the new model loses at most `allow` of the right
answers, and that an answer does not depend on who else is in the batch. A slice too small to show
that is a fault too: name it, collect more rows, or drop it on purpose. Change `allow`, and `shock`
to the wildest value that a broken client can send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Labels = Callable[[npt.NDArray[Any]], npt.ArrayLike]


@dataclass(frozen=True, slots=True)
class Lost:
    """Right answers lost, less those gained, as a share of rows; at most `high`, at 95 %."""

    rows: int
    net: float
    high: float


def lost_answers(old_right: npt.ArrayLike, new_right: npt.ArrayLike) -> Lost:
    """Exact and cautious for rare flips: upper bound of the lost less lower bound of the gained."""
    old, new = np.asarray(old_right, bool), np.asarray(new_right, bool)
    rows, lost, gained = len(old), int((old & ~new).sum()), int((new & ~old).sum())
    if rows == 0:
        return Lost(0, 0.0, 1.0)
    high = float(stats.beta.ppf(0.975, lost + 1, rows - lost)) if lost < rows else 1.0
    low = float(stats.beta.ppf(0.025, gained, rows - gained + 1)) if gained else 0.0
    return Lost(rows, (lost - gained) / rows, high - low)


def faults(
    old: Labels,
    new: Labels,
    rows: npt.NDArray[Any],
    y: npt.ArrayLike,
    slices: Mapping[str, npt.ArrayLike] | None = None,
    allow: float = 0.01,
    shock: float = 1000.0,
    batch: int = 32,
) -> list[str]:
    """What speaks against the new model, in words; an empty list lets it pass."""
    truth, found = np.asarray(y), []
    was, now = (np.asarray(model(rows)) == truth for model in (old, new))
    parts = {"all rows": np.ones(len(truth), bool)}
    for name, column in (slices or {}).items():
        values = np.asarray(column).astype(str)
        parts |= {f"{name}={value}": values == value for value in np.unique(values).tolist()}
    for name, inside in parts.items():  # all must pass, so none needs a correction for many looks
        seen = lost_answers(was[inside], now[inside])
        if seen.net > allow:
            found.append(f"{name}: loses {seen.net:.1%} of {seen.rows}")
        elif seen.high > allow:
            found.append(f"{name}: may lose up to {seen.high:.1%}, {seen.rows} rows cannot tell")
    moved = _moved_by_neighbours(new, rows, shock, batch)
    if moved > allow:
        found.append(f"one extreme row in a batch of {batch} changes {moved:.0%} of the others")
    return found


def _moved_by_neighbours(model: Labels, rows: npt.NDArray[Any], shock: float, batch: int) -> float:
    """Share of answers that differ when a row of the same batch is multiplied by `shock`."""
    wild, moved, asked = rows[:1] * np.asarray(shock, rows.dtype), 0, 0
    for start in range(0, min(len(rows), 20 * batch), batch - 1):
        part = rows[start : start + batch - 1]
        calm = np.asarray(model(part))
        stirred = np.asarray(model(np.concatenate([wild, part])))[1:]
        moved, asked = moved + int((calm != stirred).sum()), asked + len(part)
    return moved / asked
