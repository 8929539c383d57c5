"""Flights as events on one clock (UTC minutes): what happened, and when it became known.

Change: `LATE` and `build`. Every question "as of when?" is answered here: a landing is known when
it happens, a flight that never lands (cancelled, diverted) twelve hours after its plan; nothing
before its row was received. Change: "known later" counts from the end of the case, not its start.
"""

from __future__ import annotations

import pandas as pd

LATE = 30.0
"""Minutes behind plan from which a connection is lost."""
HISTORY = 0
"""The receipt of rows handed over afterwards, whose own was not kept: taken as on time."""
GIVE_UP = 12 * 60
"""Minutes after the planned landing at which a flight that has not landed counts as late."""


def build(flights: pd.DataFrame) -> pd.DataFrame:
    """The event log: one row per flight; times in minutes, missing where it never happened."""
    log = flights[["flight_id", "day", "carrier", "flight", "origin", "dest", "tailnum"]].copy()
    log["distance_mi"] = flights["distance"].astype(float)
    log["sched_dep"], log["sched_arr"] = flights["sched_dep"], flights["sched_arr"]
    log["dep"] = flights["sched_dep"] + flights["dep_delay"]
    log["land"] = flights["sched_arr"] + flights["arr_delay"]
    log["late"] = ~(flights["arr_delay"] <= LATE)  # missing: cancelled or diverted, so late
    received = flights.get("received", HISTORY)
    for name in ("dep", "land"):
        log[f"{name}_known"] = log[name].clip(lower=received)
    decided = log["land"].fillna(log["sched_arr"] + GIVE_UP)
    log["known_at"] = decided.clip(lower=received).astype("int64")
    return log.sort_values(["sched_dep", "flight_id"], ignore_index=True)


def taxi(flights: pd.DataFrame) -> pd.Series:
    """Minutes between doors that were not in the air: a wrong time zone shows as 60 off."""
    spent = flights["sched_arr"] + flights["arr_delay"] - flights["sched_dep"]
    return (spent - flights["dep_delay"] - flights["air_time"]).dropna()


def as_known(log: pd.DataFrame, minute: int) -> pd.DataFrame:
    """The log as it stood at `minute`: later events and outcomes blanked."""
    seen = log.copy()
    for name in ("dep", "land"):
        told = log[f"{name}_known"] <= minute
        seen[name], seen[f"{name}_known"] = log[name].where(told), log[f"{name}_known"].where(told)
    seen["late"] = log["late"] & (log["known_at"] <= minute)
    seen["known_at"] = log["known_at"].where(log["known_at"] <= minute, minute + 10**6)
    return seen
