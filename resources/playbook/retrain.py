"""Stage retrain: each month, a challenger that may be told no. Needs: serve.

The challenger learned until 14 days before; on those 14 days both are compared, by days. It takes
over if the upper end of the 90 % interval is below zero. Meanwhile the champion can be recalibrated
at once, without a new model. Change: the rule, and `SINCE`, the labels that recalibrate.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import challengers
import feed
import numpy as np
import numpy.typing as npt
import pandas as pd
import registry
from decision import COSTS, cost, day_interval, per_thousand
from delay_model import recalibrated
from store import Gate, Result
from train import platt

from data import between, known

SINCE = pd.Timedelta(days=28)
Array = npt.NDArray[np.float64]


def recalibration(rows: pd.DataFrame, day: str) -> tuple[float, float]:
    """Slope and intercept from the champion's last four weeks, as far as labels are known."""
    since = str((pd.Timestamp(day) - SINCE).date())
    recent = between(rows, since, day)
    recent = recent[recent["known_at"] <= feed.minute_of(day)]
    return platt(recent["p"].to_numpy(), recent["late"])


def verdict(rows: pd.DataFrame, serving: Array, new: Array, month: str) -> tuple[float, float]:
    """Change of cost on the days kept for judging, and the upper end of its interval."""
    day = f"2013-{month}-01"
    keep = (rows["day"] >= challengers.cutoff(month)) & (rows["day"] < day)
    keep &= rows["known_at"] <= feed.minute_of(day)
    old, late = serving[keep], rows.loc[keep, "late"]
    change = cost(late, new[keep] > COSTS.threshold) - cost(late, old > COSTS.threshold)
    mean, _, high = day_interval(change, rows.loc[keep, "day"], level=0.9)
    return mean, high


def run(home: Path) -> Result:
    """Month by month: who serves, what it cost, what the first champion would have cost."""
    rows = challengers.load(home)
    serving = rows["p"].to_numpy()
    table: dict[str, dict[str, Any]] = {}
    promoted: list[str] = []
    lenient = serving
    total = {"first champion": 0.0, "recalibrated": 0.0, "this rule": 0.0}
    total |= {"better on the mean": 0.0, "always the new one": 0.0}
    flights = 0
    for month in challengers.MONTHS:
        new = challengers.scores(home, rows, challengers.cutoff(month))
        mean, high = verdict(rows, serving, new, month)
        if high < 0:
            serving = np.where(np.isnan(new), serving, new)
            promoted.append(month)
        if verdict(rows, lenient, new, month)[0] < 0:
            lenient = np.where(np.isnan(new), lenient, new)
        now = (rows["day"].str[5:7] == month).to_numpy()
        late, first = rows.loc[now, "late"], rows.loc[now, "p"].to_numpy()
        shifted = recalibrated(first, *recalibration(rows, f"2013-{month}-01"))
        spent = (first, shifted, serving[now], lenient[now], new[now])
        costs = [per_thousand(late, p > COSTS.threshold) for p in spent]
        for name, value in zip(total, costs, strict=True):
            total[name] += value * len(late)
        flights += len(late)
        table[month] = {
            "judged": [round(mean), round(high)],
            "takes over": high < 0,
            **{name: round(value) for name, value in zip(total, costs, strict=True)},
        }
    means = {name: round(value / flights, 1) for name, value in total.items()}
    figures: dict[str, Any] = {"months": table, "mean cost": means, "promoted": promoted}
    back = change_over(home, rows, promoted[0]) if promoted else {}
    saved = means["first champion"] - means["this rule"]
    gates = [
        Gate("saved per 1,000 against the first champion", saved, low=0),
        Gate("challengers told no", len(challengers.MONTHS) - len(promoted), low=1),
        Gate("aliases after roll back as before", float(back.get("restored", 0)), 1, 1),
    ]
    return Result(figures | {"aliases": back}, gates)


def change_over(home: Path, rows: pd.DataFrame, month: str) -> dict[str, int]:
    """Register the month's challenger, promote it, roll back, and promote it again."""
    model = challengers.challenger(rows, month)
    train = known(rows, challengers.cutoff(month))
    sample = train.tail(20)[list(rows.columns[:31])]
    about = {"rows": len(train), "until": challengers.cutoff(month)}
    about["rows_sha256"] = rows.attrs["sha256"]
    new = registry.register(home, model, sample, about, {})
    registry.promote(home, 1)
    registry.promote(home, new)
    back = registry.roll_back(home)
    restored = int(back == 1 and registry.champion(home).name == "v1")
    registry.promote(home, new)
    return {"new": new, "rolled back to": back, "restored": restored}
