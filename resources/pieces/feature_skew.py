"""Are the features that served requests the features that trained the model? And if not, how not?

Call `found = skew(trained, served, "id")`.

Copy the file; it needs pandas and numpy. Log a sample of the feature rows at serving, behind the
last transformation, with the id of the request; compute the same requests again with the training
code, as of their time; compare. Change `tolerance` (float32 serving needs 1e-5) and `key`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True, slots=True)
class Skew:
    """A column that differs, the share of common rows in which it does, and the likely cause."""

    column: str
    share: float
    cause: str


def skew(
    trained: pd.DataFrame, served: pd.DataFrame, key: str, tolerance: float = 1e-5
) -> list[Skew]:
    """Columns that differ, worst first; rows are matched by `key`, two missing values are equal.

    Raises ValueError if a key comes twice or no key is on both sides.
    """
    a, b = trained.set_index(key), served.set_index(key)
    if not (a.index.is_unique and b.index.is_unique):
        raise ValueError(f"a {key} comes twice")
    common = a.index.intersection(b.index)
    if common.empty:
        raise ValueError(f"no {key} is on both sides: {a.index.dtype} and {b.index.dtype}")
    found = [Skew(str(name), 1.0, "not served") for name in a.columns.difference(b.columns)]
    found += [Skew(str(name), 1.0, "not trained") for name in b.columns.difference(a.columns)]
    for name in a.columns.intersection(b.columns):
        old, new = a.loc[common, name], b.loc[common, name]
        if pd.api.types.is_numeric_dtype(old) and pd.api.types.is_numeric_dtype(new):
            x, y = old.to_numpy(float, na_value=np.nan), new.to_numpy(float, na_value=np.nan)
            differ = _apart(x, y, tolerance)
            cause = _of_numbers(x, y, differ)
        else:
            x, y = _texts(old), _texts(new)
            differ = x != y
            cause = _of_texts(x, y, differ)
        if differ.any():
            found.append(Skew(str(name), float(differ.mean()), cause))
    return sorted(found, key=lambda skewed: -skewed.share)


def _apart(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], tolerance: float
) -> npt.NDArray[np.bool_]:
    """Rows that differ by more than rounding, measured against the value and the column's spread.

    Against the value alone, an hour would vanish in seconds since 1970.
    """
    finite = x[np.isfinite(x)]
    spread = float(finite.std() or np.abs(finite[0])) if len(finite) else 1.0
    size = np.maximum(np.minimum(np.abs(x), spread), spread * 1e-3)
    close = np.abs(x - y) <= tolerance * size
    return ~(close | (x == y) | (np.isnan(x) & np.isnan(y)))


def _of_numbers(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], differ: npt.NDArray[np.bool_]
) -> str:
    """The first simple story that explains nine in ten differing rows."""
    if not differ.any():
        return ""
    a, b = x[differ], y[differ]

    def most(rows: npt.NDArray[np.bool_]) -> bool:
        return bool(rows.mean() >= 0.9)

    if most(np.isnan(b)):
        return "missing at serving"
    if most(np.isnan(a)):
        return f"missing in training, {_usual(b)} at serving"
    both = ~np.isnan(a) & ~np.isnan(b)
    a, b = a[both], b[both]
    if most(b == _usual(b)) and len(np.unique(a)) > 1:
        return f"{_usual(b)} at serving whatever it was in training"
    factor, shift = float(np.median(b[a != 0] / a[a != 0])) if (a != 0).any() else 1.0, b - a
    if most(np.isclose(b, a * factor, rtol=1e-3)) and abs(factor - 1) > 1e-3:
        return f"{factor:.6g} times as large at serving (unit)"
    if most(np.isclose(shift, np.median(shift), rtol=1e-3)):
        return f"{np.median(shift):+.6g} at serving (zone, offset, or an event counted twice)"
    if len(np.unique(a)) < 50 and _one_to_one(a, b) and _one_to_one(b, a):
        return "recoded: each value became another one"
    return "older, newer or computed otherwise"


def _of_texts(
    x: npt.NDArray[np.object_], y: npt.NDArray[np.object_], differ: npt.NDArray[np.bool_]
) -> str:
    """As `_of_numbers`, for text."""
    a, b = x[differ], y[differ]
    if len(a) == 0:
        return ""
    if np.mean(b == "") >= 0.9:
        return "missing at serving"
    if (
        np.mean([p.strip().casefold() == q.strip().casefold() for p, q in zip(a, b, strict=True)])
        > 0.9
    ):
        return "case or white space"
    if _one_to_one(a, b) and _one_to_one(b, a):
        return "written otherwise: each value became another one"
    return "other values"


def _texts(column: pd.Series) -> npt.NDArray[np.object_]:
    return column.astype(object).where(column.notna(), "").astype(str).to_numpy(object)


def _usual(values: npt.NDArray[np.float64]) -> float:
    seen, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    return float(seen[counts.argmax()]) if len(seen) else float("nan")


def _one_to_one(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> bool:
    return bool(pd.Series(b).groupby(a).nunique().max() == 1)
