"""Did the inputs move more than they usually move? A drift alarm that stays quiet.

Call `drift(days, lags=(7, 14, 21, 28), level=0.02).alarm`.

Copy the file; it needs numpy. Pass equally long windows (days, weeks), oldest first: one mapping of
column to values each (a DataFrame is one), inputs and scores. Every window is compared with those
at `lags` before it, and the last one is judged by how far past windows moved over the same lags:
seasons, dependent rows and noise of small windows are in that history. One p-value is drawn for all
columns together.

Change `lags`: (7, 14, 21, 28) for days that differ by weekday, (1, 2, 3, 4) for weeks, and in a
second call (52,) to see what creeps. `level` is the share of windows that may cry wolf, `least` the
smallest move that is worth a look, `skip` the windows of confirmed incidents and holidays. A model
that got worse under unmoved inputs is not seen here: watch ripe labels as well. Where `most` is
near 1 (weather by the day) even a wrong unit hides: test a law between columns instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Window = Mapping[str, npt.ArrayLike]
ROWS = "(rows)"
NOTHING = {"", "None", "nan", "NaN", "NaT", "<NA>"}


@dataclass(frozen=True, slots=True)
class Moved:
    """A column, the share of rows that moved, and the most that moved in any other window."""

    column: str
    share: float
    most: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`p_value` of the window among its past; columns that moved more than ever, worst first."""

    alarm: bool
    p_value: float
    moved: tuple[Moved, ...]


def drift(
    windows: Sequence[Window],
    lags: Sequence[int] = (1, 2, 3, 4),
    level: float = 0.05,
    least: float = 0.1,
    skip: Collection[int] = (),
) -> Verdict:
    """The verdict on the last window.

    Raises ValueError if columns differ, a column can show nothing, or past windows are too few.
    """
    return _judge(*distances(windows, lags, skip), level, least)


def replay(
    windows: Sequence[Window],
    lags: Sequence[int] = (1, 2, 3, 4),
    level: float = 0.05,
    least: float = 0.1,
    skip: Collection[int] = (),
) -> list[int]:
    """Windows that would have raised the alarm, each judged by its past: run it before going live.

    Of quiet windows these are the false alarms; at most `level` of them, less if `least` bites.
    """
    names, moves = distances(windows, lags, skip)
    usable = np.cumsum(~np.isnan(moves).any(axis=1))
    first = int(np.searchsorted(usable, _needed(level)))
    judged = [t for t in range(first, len(moves)) if not np.isnan(moves[t]).any()]
    return [t for t in judged if _judge(names, moves[: t + 1], level, least).alarm]


def distances(
    windows: Sequence[Window], lags: Sequence[int], skip: Collection[int] = ()
) -> tuple[list[str], Array]:
    """How far each window (row) lies from its reference, by column; nan where there is none.

    A distance is the share of rows that must have moved. Missing values are a column of their own,
    or a lost feed would hide behind the days on which the values jump.
    """
    names = list(windows[-1])
    for number, window in enumerate(windows):
        if set(window) != set(names):
            odd = sorted(set(window) ^ set(names))
            raise ValueError(f"window {number}: columns missing or new: {odd}")
    columns = [*names, *(f"{name} missing" for name in names), ROWS]
    moves = np.full((len(windows), len(columns)), np.nan)
    for now in range(max(lags), len(windows)):
        before = [now - lag for lag in lags if now - lag not in skip]
        if not before or (now in skip and now != len(windows) - 1):
            continue
        for place, name in enumerate(names):
            new = np.asarray(windows[now][name])
            old = np.concatenate([np.asarray(windows[t][name]) for t in before])
            a, b = _missing(new), _missing(old)
            moves[now, place] = _share(new[~a], old[~b])
            moves[now, place + len(names)] = abs(_mean(a) - _mean(b))
        usual = float(np.mean([_rows(windows[t]) for t in before]))
        moves[now, -1] = abs(_rows(windows[now]) - usual) / max(_rows(windows[now]), usual, 1)
    return columns, moves


def _judge(names: list[str], moves: Array, level: float, least: float) -> Verdict:
    if np.isnan(moves[-1]).any():
        raise ValueError("the last window has no reference")
    moves = moves[~np.isnan(moves).any(axis=1)]
    if len(moves) < _needed(level):
        raise ValueError(f"{len(moves)} comparable windows, level {level} needs {_needed(level)}")
    blind = [
        name for name, share in zip(names, np.median(moves, axis=0), strict=True) if share > 0.99
    ]
    if blind:
        raise ValueError(
            f"new in every window, so nothing can be seen in {blind}: identity or time?"
        )
    # Each window against the most that any other one moved, column by column: a column that jumps
    # often must jump higher, a calm one is heard early. The floor silences specks.
    ordered = np.sort(moves, axis=0)
    others = np.where(moves == ordered[-1], ordered[-2], ordered[-1])
    times = moves / np.maximum(others, least)
    worst = times.max(axis=1)
    p_value = float((worst >= worst[-1]).sum() / len(worst))
    odd = [
        Moved(names[place], float(moves[-1, place]), float(others[-1, place]))
        for place in np.argsort(-times[-1], kind="stable").tolist()
        if times[-1, place] > 1
    ]
    return Verdict(p_value <= level and bool(odd), p_value, tuple(odd))


def _needed(level: float) -> int:
    """The rarest of n windows has p = 1/n."""
    return int(np.ceil(1 / level - 1e-9))


def _rows(window: Window) -> int:
    return max((len(np.asarray(window[name])) for name in window), default=0)


def _missing(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where `values` holds nan, None or the like, also as text."""
    if values.dtype.kind in "fiub":
        return np.isnan(values)
    return np.array([str(value) in NOTHING for value in values.tolist()], bool)


def _mean(flags: npt.NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _share(new: npt.NDArray[Any], old: npt.NDArray[Any]) -> float:
    """Kolmogorov's distance of numbers, total variation of anything else; 0 where one is empty."""
    if not len(new) or not len(old):
        return 0.0
    if object in (new.dtype, old.dtype):  # nullable integers come as objects
        new, old = np.array(new.tolist()), np.array(old.tolist())
    if new.dtype.kind in "fiub" and old.dtype.kind in "fiub":
        a, b = np.sort(new), np.sort(old)
        points = np.concatenate([a, b])
        below = [np.searchsorted(x, points, side="right") / len(x) for x in (a, b)]
        return float(np.abs(below[0] - below[1]).max())
    counts = [Counter(map(str, values.tolist())) for values in (new, old)]
    gaps = [counts[0][v] / len(new) - counts[1][v] / len(old) for v in counts[0] | counts[1]]
    return sum(map(abs, gaps)) / 2
