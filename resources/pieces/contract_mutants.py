"""What does your data contract let pass? Bad tables made from a good one, and those it accepts.

Call `accepted = survivors(validate, good, key=["id"])`.

Copy the file; it needs pandas and numpy. `validate` is any check (pandera, Great Expectations,
your own): it refuses by raising or by returning False or something whose `success` is False. Wrap
it for Polars: ``lambda f: schema.validate(pl.from_pandas(f))``. Change `mutants` to add the
accident that you had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd


def survivors(
    validate: Callable[[pd.DataFrame], object],
    good: pd.DataFrame,
    *,
    key: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> list[str]:
    """Names of the mutants that `validate` accepts; [] is a contract without a known hole.

    `ignore` drops names that are fine by you, as "fare: all times 1000". Raises ValueError if
    `validate` refuses the good table: then nothing is learnt.
    """
    if not _accepts(validate, good.copy()):
        raise ValueError("the good table is refused")
    return [
        name
        for name, bad in mutants(good, key)
        if name not in ignore and _accepts(validate, bad.reset_index(drop=True))
    ]


def _accepts(validate: Callable[[pd.DataFrame], object], frame: pd.DataFrame) -> bool:
    try:
        seen = validate(frame)
    except Exception:
        return False
    return seen is not False and getattr(seen, "success", True) is not False


def mutants(good: pd.DataFrame, key: Sequence[str] = ()) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and table of each accident; the good table is left alone."""
    yield "no rows", good.iloc[:0]
    yield "1 row in 20", good.iloc[::20]
    yield "all rows twice", pd.concat([good, good])
    if key:
        again = good.iloc[:1].copy()
        for name in good.columns.difference(list(key)):
            again[name] = good[name].iloc[-1]
        yield f"{' and '.join(key)}: one twice, with other values", pd.concat([good, again])
    yield "a column too many", good.assign(new_column=1)
    for name in good:
        column = good[name]
        yield f"{name}: gone", good.drop(columns=name)
        yield f"{name}: renamed", good.rename(columns={name: f"{name}_"})
        yield f"{name}: all missing", good.assign(**{str(name): _holes(column, 1)})
        if column.isna().mean() < 0.2:
            yield f"{name}: half missing", good.assign(**{str(name): _holes(column, 2)})
        if name not in key:
            first = column.dropna().iloc[0]
            yield f"{name}: all the same", good.assign(**{str(name): first})
        for what, bad in _by_type(column):
            yield f"{name}: {what}", good.assign(**{str(name): bad})


def _by_type(column: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    if pd.api.types.is_bool_dtype(column):
        yield "turned around", ~column
    elif pd.api.types.is_datetime64_any_dtype(column):
        yield "a week old", column - pd.Timedelta(days=7)
        yield "one in 2099", _one(column, column.max() + pd.Timedelta(days=365 * 75))
        yield "as text", column.astype(str)
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            yield "without zone", column.dt.tz_localize(None)
    elif pd.api.types.is_numeric_dtype(column):
        yield "as text", column.astype(str)
        yield "all times 1000", column * 1000
        yield "one -999", _one(column, -999)
        yield "one infinite", _one(column.astype(float), np.inf)
    else:
        yield "one unknown value", _one(column, "zz-unknown")
        yield "one empty", _one(column, "")
        yield "one of blanks", _one(column, " ")
        yield "white space behind all", column.astype(str) + " "


def _one(column: pd.Series, value: object) -> pd.Series:
    bad = column.copy()
    bad.iloc[len(bad) // 2] = value
    return bad


def _holes(column: pd.Series, every: int) -> pd.Series:
    """The column with each `every`-th value missing, in its own type where that can be missing."""
    return column.where(np.arange(len(column)) % every != 0)
