"""Stage data: batches through the contract into the log, features as of the decision.

Needs nothing.

Change: `feed.py`, `contract.py`, `events.py`, `features.py`; here `promises`. The stage also fits
three models that must not be built, to show what they would have promised.
"""

from __future__ import annotations

from pathlib import Path

import contract
import events
import feed
import numpy as np
import pandas as pd
import plan
from delay_model import fit
from features import AHEAD, WEATHER_AGE, State
from ingest import current, ingest
from sklearn.metrics import roc_auc_score
from store import Gate, Result, write_frame


def rows_of(log: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """The table that all later stages read: features, and what is needed to split and judge."""
    about = log[["flight_id", "day", "sched_dep", "known_at", "late"]]
    return pd.concat([State(log, weather).rows(log), about, named(log)], axis=1)


def named(log: pd.DataFrame) -> pd.Series:
    """Whether the aircraft is named. Every flight without one was cancelled: never train on it."""
    return log["tailnum"].notna().rename("named")


def between(rows: pd.DataFrame, start: str, end: str) -> pd.DataFrame:
    """Flights of the days from `start` to before `end`: those to be judged."""
    return rows[(rows["day"] >= start) & (rows["day"] < end)]


def tested(rows: pd.DataFrame) -> pd.DataFrame:
    """The test: days that no choice has seen."""
    return between(rows, plan.TRAIN_UNTIL, plan.TEST_UNTIL)


def known(rows: pd.DataFrame, day: str) -> pd.DataFrame:
    """Rows to train on at the start of `day`: outcome known by then, aircraft named."""
    return rows[(rows["known_at"] <= feed.minute_of(day)) & rows["named"]]


def replayed(log: pd.DataFrame, weather: pd.DataFrame, rows: pd.DataFrame, count: int) -> int:
    """How many of `count` random flights get other features when the future is blanked."""
    differ = 0
    for i in np.random.default_rng(0).choice(
        np.arange(plan.PROOF_AFTER, len(log)), count, replace=False
    ):
        flight = log.iloc[[i]]
        now = int(flight["sched_dep"].iloc[0]) - AHEAD
        sky = weather[weather["observed"] + WEATHER_AGE <= now]
        again = State(events.as_known(log, now), sky).rows(flight)
        differ += (
            not rows.loc[rows.index[[i]], again.columns]
            .reset_index(drop=True)
            .equals(again.reset_index(drop=True))
        )
    return differ


def promises(rows: pd.DataFrame, log: pd.DataFrame) -> dict[str, float]:
    """AUC of one model where it counts, and of three that flatter themselves."""
    train, test = known(rows, plan.TRAIN_UNTIL), tested(rows)
    both = pd.concat([train, test])
    order = np.random.default_rng(0).permutation(len(both))
    cut = len(train)
    shuffled = both.iloc[order[:cut]], both.iloc[order[cut:]]
    leak = (log["dep"] - log["sched_dep"]).fillna(-1)
    leaked = [part.assign(gust_mph=leak[part.index]) for part in (train, test)]
    unnamed = rows[(rows["known_at"] <= feed.minute_of(plan.TRAIN_UNTIL))]
    flagged = [part.assign(gust_mph=part["named"] * 1.0) for part in (unnamed, test)]
    pairs = {
        "forward in time": (train, test),
        "random split": shuffled,
        "with the departure delay": leaked,
        "with 'aircraft is named'": flagged,
    }
    return {
        name: round(float(roc_auc_score(b["late"], fit(a, a["late"]).probability(b))), 3)
        for name, (a, b) in pairs.items()
    }


def run(home: Path) -> Result:
    """Batches in, events and rows out; proofs that they are what they say."""
    root = home / "log"
    kept = dropped = 0
    for month in plan.BATCHES:
        for kind, source in (("flights", feed.flights), ("weather", feed.weather)):
            receipt = ingest(root, kind, source(month), events.HISTORY)
            kept, dropped = kept + receipt.kept, dropped + receipt.quarantined
    flights, weather = current(root, "flights"), current(root, "weather")
    log = events.build(flights)
    rows = rows_of(log, weather)
    write_frame(home / "tables" / "events.parquet", log)
    write_frame(home / "tables" / "weather.parquet", weather)
    write_frame(home / "tables" / "rows.parquet", rows)
    ground = events.taxi(flights)
    early = weather[weather["observed"] < feed.minute_of(plan.TEST_UNTIL)]
    gaps = [contract.unit_gap(part) for _, part in early.groupby(early["observed"] // 1440)]
    waiting = between(rows, plan.BEGIN, plan.TRAIN_UNTIL)["known_at"] > feed.minute_of(
        plan.TRAIN_UNTIL
    )
    figures = {
        "flights": len(flights),
        "weather": len(weather),
        "labels of January to March unknown on 1 April": int(waiting.sum()),
        "late where the aircraft is not named": float(rows.loc[~rows["named"], "late"].mean()),
        "AUC in April": promises(rows, log),
    }
    count = plan.PROOF_ROWS
    gates = [
        Gate("rows kept", kept / (kept + dropped), low=0.999),
        Gate("minutes on the ground, least", float(ground.min()), 0, 60),
        Gate("minutes on the ground, most", float(ground.max()), 0, 360),
        Gate("largest unit gap of a day, January to April", max(gaps), high=contract.UNIT_GAP / 2),
        Gate("flights changed by blanking the future", replayed(log, weather, rows, count), 0, 0),
    ]
    return Result(figures, gates)
