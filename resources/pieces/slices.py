"""Which slices are worse than the rest by more than chance? And are groups treated alike?

Call `weak_slices(loss, {"device": device})` and `group_gaps(y, flagged, group)`.

Copy the file; it needs numpy and scipy. `weak_slices` takes one loss per row (0/1 error, squared
error, cost) and any columns; `group_gaps` takes outcomes, decisions and one group per row and says
which gap (parity, true positive rate, false positive rate) is larger than groups drawn at random
would show. Change `rows` and `level` to the smallest slice and the false alarms you can bear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats


@dataclass(frozen=True, slots=True)
class Weak:
    """A slice, its mean loss, that of all other rows, and the p-value after Holm's correction."""

    column: str
    value: str
    rows: int
    loss: float
    rest: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Gap:
    """The widest difference between groups and what random groups of these sizes would show."""

    name: str
    by_group: dict[str, float]
    gap: float
    by_chance: float
    """The 95th percentile of the gap when the groups are shuffled."""
    p_value: float


def weak_slices(
    loss: npt.ArrayLike, columns: Mapping[str, npt.ArrayLike], rows: int = 30, level: float = 0.05
) -> list[Weak]:
    """Slices with more loss than the rest, worst first; smaller ones than `rows` are left out.

    Rank a numeric column into bins first. Raises ValueError for a loss that is not finite.
    """
    losses = np.asarray(loss, float)
    if not np.isfinite(losses).all():
        raise ValueError("a loss is missing: those rows are often the weak slice")
    found: list[Weak] = []
    for name, column in columns.items():
        values = np.asarray(column).astype(str)  # a missing value is a slice too
        for value in np.unique(values).tolist():
            inside = values == value
            if rows <= inside.sum() <= len(losses) - rows:
                a, b = float(losses[inside].mean()), float(losses[~inside].mean())
                found.append(Weak(name, value, int(inside.sum()), a, b, _chance(losses, inside)))
    found.sort(key=lambda weak: weak.p_value)
    held, kept = 0.0, []
    for rank, weak in enumerate(found):
        held = max(held, min(1.0, weak.p_value * (len(found) - rank)))
        if held > level:
            break
        kept.append(Weak(weak.column, weak.value, weak.rows, weak.loss, weak.rest, held))
    return kept


def _chance(losses: npt.NDArray[np.float64], inside: npt.NDArray[np.bool_]) -> float:
    """How often random rows would lose as much: exact for 0/1 losses, else a normal guess."""
    total, part = len(losses), int(inside.sum())
    if np.isin(losses, (0, 1)).all():
        return float(stats.hypergeom.sf(losses[inside].sum() - 1, total, losses.sum(), part))
    error = losses.std(ddof=1) * (1 / part + 1 / (total - part)) ** 0.5
    return float(stats.norm.sf((losses[inside].mean() - losses[~inside].mean()) / error))


def group_gaps(
    y: npt.ArrayLike, flagged: npt.ArrayLike, group: npt.ArrayLike, draws: int = 500, seed: int = 0
) -> list[Gap]:
    """Gaps of selection rate, true and false positive rate, each against shuffled groups."""
    truth, chosen = np.asarray(y).astype(bool), np.asarray(flagged).astype(bool)
    names, codes = np.unique(np.asarray(group).astype(str), return_inverse=True)
    rng, gaps = np.random.default_rng(seed), []
    kinds: list[tuple[str, npt.NDArray[np.bool_]]] = [
        ("selection rate", np.ones(len(truth), bool)),
        ("true positive rate", truth),
        ("false positive rate", ~truth),
    ]
    for name, rows in kinds:
        hits, members = chosen[rows], codes[rows]
        sizes = np.bincount(members, minlength=len(names))
        if (sizes == 0).any():
            raise ValueError(f"{name}: no rows in {names[sizes == 0].tolist()}")
        rates = np.bincount(members, hits, len(names)) / sizes
        gap, chance = float(np.ptp(rates)), np.empty(draws)
        for draw in range(draws):
            shuffled = rng.permutation(members)
            chance[draw] = np.ptp(np.bincount(shuffled, hits, len(names)) / sizes)
        p_value = float((1 + (chance >= gap - 1e-12).sum()) / (draws + 1))
        by_group = dict(zip(names.tolist(), rates.tolist(), strict=True))
        gaps.append(Gap(name, by_group, gap, float(np.quantile(chance, 0.95)), p_value))
    return gaps
