"""What makes a model too good offline: columns, rows, entities and times that know the answer.

Call `found = leaks(frame, y)` and `leaks(train, y_train, test, y_test, entity="user")`.

Copy the file; it needs pandas and numpy. ``leaks(frame, y)`` looks at the columns that the model
gets and the label, with the test rows at the split too; `restated` compares two copies of the same
rows. Change `too_good` to what an expert would believe of one column, and `shared` to the doubles
that nature makes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd


def leaks(
    train: pd.DataFrame,
    y_train: npt.ArrayLike,
    test: pd.DataFrame | None = None,
    y_test: npt.ArrayLike = (),
    *,
    entity: str | None = None,
    time: str | None = None,
    ignore: Sequence[str] = (),
    too_good: float = 0.85,
) -> list[str]:
    """Sentences, one for each way in which the answer seems to be known; [] if none was found.

    `entity` and `time` are columns that describe the split; with `ignore` they are no features.
    The label is 0 and 1, or numbers to be cut at their median. Raises ValueError if it is constant.
    """
    if test is None:
        test = train[:0]
    y = np.asarray(y_train, float)
    cut = y.min() if len(np.unique(y)) == 2 else np.median(y)
    positive, tested = y > cut, np.asarray(y_test, float) > cut
    if positive.all() or not positive.any():
        raise ValueError("the label has one value only")
    features = [name for name in train if name not in {entity, time, *ignore}]
    found = []
    for name in features:
        column = train[name]
        for what, values in (("", column), (" (whether it is missing)", column.isna())):
            area = _area(_out_of_fold(values, positive), positive)
            if area > too_good:
                found.append(f"{name}{what} alone ranks the label: AUC {area:.3f}")
    if (area := _area(np.arange(len(train), dtype=float), positive)) > too_good:
        found.append(f"the order of the rows alone ranks the label: AUC {area:.3f}")
    found += _copies(_rounded(pd.concat([train, test])[features]), positive, tested)
    if entity is not None and len(test) and (known := test[entity].isin(train[entity]).mean()):
        found.append(f"{known:.1%} of the test rows belong to a {entity} that trains")
    if time is not None and len(test) and (late := (train[time] >= test[time].min()).mean()):
        found.append(f"{late:.1%} of the training rows are from after the test began")
    return found


def restated(then: pd.DataFrame, now: pd.DataFrame, key: str) -> dict[str, float]:
    """Share of old rows whose value has changed or was filled in since, per column, worst first.

    `then` is a copy taken when predictions were made. What changes afterwards was not known: it
    needs an as-of join. Raises ValueError if a key comes twice or a row or column is gone.
    """
    old, new = then.set_index(key), now.set_index(key)
    if not (old.index.is_unique and new.index.is_unique):
        raise ValueError(f"a {key} comes twice")
    if not (old.index.isin(new.index).all() and old.columns.isin(new.columns).all()):
        raise ValueError("rows or columns of then are not in now")
    new = new.reindex(index=old.index, columns=old.columns)
    shares = ((old != new) & ~(old.isna() & new.isna())).mean()
    return {str(k): float(v) for k, v in shares.sort_values(ascending=False).items() if v > 0}


def _out_of_fold(
    column: pd.Series[float], positive: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """A score per row: the numbers themselves, or for text the label's mean in the other half."""
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.astype("int64").where(column.notna())
    if pd.api.types.is_numeric_dtype(column):
        # Missing ones in the middle: their own probe is `isna`.
        return np.asarray(column.fillna(column.median()), float)
    codes, half = pd.factorize(column)[0] + 1, np.random.default_rng(0).random(len(column)) < 0.5
    score = np.empty(len(column))
    for part in (half, ~half):
        rows = np.bincount(codes[~part], minlength=codes.max() + 1)
        hits = np.bincount(codes[~part], positive[~part], codes.max() + 1)
        score[part] = ((hits + positive.mean()) / (rows + 1))[codes[part]]
    return score


def _copies(
    rows: pd.DataFrame, positive: npt.NDArray[np.bool_], tested: npt.NDArray[np.bool_]
) -> list[str]:
    """Says so if test rows are training rows whose label they share more than by chance."""
    marks = pd.util.hash_pandas_object(rows, index=False).to_numpy()
    label = pd.Series(positive).groupby(marks[: len(positive)]).mean()
    twin = label.reindex(marks[len(positive) :]).to_numpy()
    doubled = ~np.isnan(twin)
    if not len(doubled) or doubled.mean() < 0.01:
        return []
    same, rate = ((twin > 0.5) == tested)[doubled].mean(), tested[doubled].mean()
    chance = rate**2 + (1 - rate) ** 2
    # Few columns double by nature; only copies bring the label with them.
    if chance < 1 and (same - chance) / (1 - chance) < 0.8:
        return []
    return [f"{doubled.mean():.1%} of the test rows are training rows too, with the same label"]


def _area(score: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_]) -> float:
    """Area under the ROC curve of the score or of its opposite, ties counted half."""
    _, codes, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[codes]
    hits, rest = int(positive.sum()), int((~positive).sum())
    area = float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * rest))
    return max(area, 1 - area)


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers to three digits, so that copies with a little noise meet; the rest as text."""
    out = {}
    for name in frame:
        if pd.api.types.is_numeric_dtype(frame[name]):
            values = np.asarray(frame[name], float)
            size = np.floor(np.log10(np.abs(np.where(values == 0, 1, values))))
            out[name] = np.round(values / 10**size, 2) * 10**size
        else:
            out[name] = frame[name].astype(str)
    return pd.DataFrame(out)
