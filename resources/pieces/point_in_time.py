"""What was known about each entity at the moment of each prediction: a bitemporal as-of join.

Call `as_of(asked, facts, key="user", at="at", event="event", known="known")`.

Copy the file; it needs pandas and numpy. A fact has two times: `event` (since when it is true) and
`known` (since when our tables had it: loaded, created). A row that came late or was corrected later
is used only from `known` on, and never hides a newer event. Change the column names, `delay` (what
passes until serving can read a row) and `max_age`. A retraction is a row whose values are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd


def as_of(
    asked: pd.DataFrame,
    facts: pd.DataFrame,
    *,
    key: str | Sequence[str],
    at: str,
    event: str,
    known: str | None = None,
    delay: pd.Timedelta | None = None,
    max_age: pd.Timedelta | None = None,
    same_moment: bool = False,
    prefix: str = "",
) -> pd.DataFrame:
    """`asked` in its order, none lost or doubled, with the newest fact known before `at`.

    A row with no such fact, with a missing key or with an event older than `max_age` gets missing
    values. `known=None` says that nobody recorded it: then `delay` after the event is required. A
    fact at the very moment `at` counts only with `same_moment`: it is often the outcome itself.
    Raises ValueError for times that are missing or have no zone (see `utc`), keys of unequal types,
    column names on both sides, and facts that contradict each other at the same two times.
    """
    keys = [key] if isinstance(key, str) else list(key)
    if known is None and delay is None:
        raise ValueError("known=None needs a delay: when could serving have read the row?")
    for name in keys:
        if asked[name].dtype != facts[name].dtype:
            sides = f"{asked[name].dtype} and {facts[name].dtype}"
            raise ValueError(f"key {name!r} has two types: {sides}")
    times = [event] if known is None else [event, known]
    facts = facts.dropna(subset=keys)
    # As text, so that a column may hold lists; only the few rows that meet are compared.
    twice = facts[facts.duplicated([*keys, *times], keep=False)].astype(str).drop_duplicates()
    if twice.duplicated([*keys, *times]).any():
        raise ValueError(f"facts contradict each other at the same {' and '.join(times)}")
    facts = facts.drop_duplicates([*keys, *times])

    since = _instants(facts[event])
    loaded = since if known is None else _instants(facts[known])
    usable = np.maximum(since, loaded + _microseconds(delay or pd.Timedelta(0)))
    order = np.lexsort((loaded, since))
    rank = np.empty(len(facts), np.int64)
    rank[order] = np.arange(len(facts))

    added = facts.drop(columns=keys).add_prefix(prefix)
    clash = sorted(set(added.columns) & set(asked.columns))
    if clash:
        raise ValueError(f"columns on both sides: {clash}; give a prefix")
    right = facts[keys].reset_index(drop=True)
    right["_usable"], right["_rank"] = usable, rank
    right["_fact"] = np.arange(len(facts))
    right = right.sort_values(["_usable", "_rank"])
    # A row that became usable after a newer event or correction was there never speaks.
    right = right[right["_rank"] == right.groupby(keys)["_rank"].cummax()]

    left = asked[keys].reset_index(drop=True)
    left["_at"], left["_row"] = _instants(asked[at]), np.arange(len(asked))
    found = pd.merge_asof(
        left.sort_values("_at"),
        right,
        left_on="_at",
        right_on="_usable",
        by=keys,
        allow_exact_matches=same_moment,
    ).sort_values("_row")
    fact = found["_fact"].fillna(-1).to_numpy(np.int64, copy=True)
    if max_age is not None:
        seen = np.flatnonzero(fact >= 0)
        old = left["_at"].to_numpy()[seen] - since[fact[seen]] > _microseconds(max_age)
        fact[seen[old]] = -1
    added = added.reset_index(drop=True).reindex(np.where(fact < 0, len(facts), fact))
    return pd.concat([asked, added.set_axis(asked.index)], axis=1)


def utc(
    times: pd.Series[pd.Timestamp], zone: str, *, doubled: Literal["earlier", "later"]
) -> pd.Series[pd.Timestamp]:
    """`times` in UTC; those without a zone are read as the wall clock of `zone`.

    Once a year an hour comes twice: take "later" for facts, so that none is known too soon, and
    "earlier" for predictions. An hour that the clock skips counts as its end.
    """
    if times.dt.tz is None:
        first = np.full(len(times), doubled == "earlier")
        times = times.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return times.dt.tz_convert("UTC")


def _instants(times: pd.Series[pd.Timestamp]) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """UTC instants in microseconds; as_of joins them whatever unit and zone each side has."""
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        raise ValueError(f"{times.name!r} is {times.dtype}: say its zone with utc()")
    if times.isna().any():
        raise ValueError(f"{times.name!r} has missing times")
    return times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")


def _microseconds(length: pd.Timedelta) -> np.timedelta64:
    return np.timedelta64(length // pd.Timedelta(microseconds=1), "us")
