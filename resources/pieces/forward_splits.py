"""Train on what was known, test on what came next: splits by time with late labels and groups.

Call `cv = forward_splits(time, test=pd.Timedelta(days=30))`.

Copy the file; it needs numpy only. Pass the list to any scikit-learn ``cv=``. Change `windows` and
`test` (the horizon the model is used for). `TimeSeriesSplit` counts rows: it wants sorted rows,
cuts through a day, and its `gap` is rows, not time; these splits are made of times.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]


def forward_splits(
    time: npt.ArrayLike,
    test: np.timedelta64 | float,
    windows: int = 5,
    label_known: npt.ArrayLike | None = None,
    group: npt.ArrayLike | None = None,
    history: np.timedelta64 | float | None = None,
) -> list[tuple[Rows, Rows]]:
    """Pairs of (train rows, test rows), earliest test window first, the last ending at the end.

    A row trains only if its time and its label (`label_known`, default its time) lie before the
    test window starts; a missing `label_known` (not there yet) keeps a row out of both sides.
    `history` limits how far back training goes. With `group`, groups of the test rows are taken
    out of training: only where the model will meet new groups.
    Raises ValueError for missing times and for a window without rows to train or test on.
    """
    moments = np.asarray(time)
    known = moments if label_known is None else np.asarray(label_known)
    if (moments != moments).any():
        raise ValueError("a time is missing")
    names = None if group is None else np.asarray(group)
    pairs = []
    for back in range(windows, 0, -1):
        start, end = moments.max() - test * back, moments.max() - test * (back - 1)
        tested = (moments > start) & (moments <= end) & (known == known)
        trains = (moments <= start) & (known <= start)
        if history is not None:
            trains &= moments > start - history
        if names is not None:
            trains &= ~np.isin(names, names[tested])
        if not tested.any() or not trains.any():
            raise ValueError(f"window {windows - back + 1} from {start} has no rows to use")
        pairs.append((np.flatnonzero(trains), np.flatnonzero(tested)))
    return pairs
