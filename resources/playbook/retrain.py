"""Stage retrain: each month, a challenger that may be told no. Needs: serve.

The challenger learned until 14 days before; on those 14 days both are compared, by days. It takes
over if the upper end of the 90 % interval is below zero. Meanwhile the champion can be recalibrated
at once, without a new model. What the months said is
then done in the registry, and rolled back once as a drill. Change: the rule, and `SINCE`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import challengers
import feed
import numpy as np
import numpy.typing as npt
import pandas as pd
import plan
import registry
from columns import NAMES
from decision import COSTS, cost, day_interval, per_thousand
from delay_model import recalibrated
from recipe import kept, platt
from store import Gate, Result

from data import between, known

SINCE = pd.Timedelta(days=28)
Array = npt.NDArray[np.float64]


def recalibration(rows: pd.DataFrame, day: str) -> tuple[float, float]:
    """Slope and intercept from the champion's last four weeks, as far as labels are known."""
    since = str((pd.Timestamp(day) - SINCE).date())
    recent = between(rows, since, day)
    recent = recent[recent["known_at"] <= feed.minute_of(day)]
    return platt(recent["p"].to_numpy(), recent["late"])


def verdict(rows: pd.DataFrame, serving: Array, new: Array, day: str) -> tuple[float, float]:
    """Change of cost on the days kept for judging, and the upper end of its interval."""
    keep = (rows["day"] >= challengers.cutoff(day)) & (rows["day"] < day)
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
    flights, fooled = 0, 0
    for begin in plan.LATER:
        new = challengers.scores(home, rows, challengers.cutoff(begin))
        mean, high = verdict(rows, serving, new, begin)
        fooled += verdict(rows, serving, 1 - new, begin)[1] < 0
        if high < 0:
            serving = np.where(np.isnan(new), serving, new)
            promoted.append(begin)
        if verdict(rows, lenient, new, begin)[0] < 0:
            lenient = np.where(np.isnan(new), lenient, new)
        now = ((rows["day"] >= begin) & (rows["day"] < plan.month_after(begin))).to_numpy()
        late, first = rows.loc[now, "late"], rows.loc[now, "p"].to_numpy()
        shifted = recalibrated(first, *recalibration(rows, begin))
        spent = (first, shifted, serving[now], lenient[now], new[now])
        costs = [per_thousand(late, p > COSTS.threshold) for p in spent]
        for name, value in zip(total, costs, strict=True):
            total[name] += value * len(late)
        flights += len(late)
        table[begin] = {
            "judged": [round(mean), round(high)],
            "takes over": high < 0,
            **{name: round(value) for name, value in zip(total, costs, strict=True)},
        }
    means = {name: round(value / flights, 1) for name, value in total.items()}
    figures: dict[str, Any] = {"months": table, "mean cost": means, "promoted": promoted}
    done = change_over(home, rows, promoted)
    saved = means["first champion"] - means["this rule"]
    gates = [
        Gate("saved per 1,000 against the first champion", saved, low=0),
        Gate("challengers turned upside down and told yes", fooled, high=0),
        Gate("serves after all", done["serves"], done["last yes"], done["last yes"]),
        Gate("roll-back restores what was before", done["restored"], 1, 1),
    ]
    return Result(figures | {"registry": done}, gates)


def change_over(home: Path, rows: pd.DataFrame, promoted: list[str]) -> dict[str, int]:
    """Promote in turn what the months said yes to; drill a roll-back, whatever they said."""
    _, first = kept(home)
    registry.promote(home, first)
    versions = [first]
    for begin in promoted:
        versions.append(register(home, rows, begin))
        registry.promote(home, versions[-1])
    drill = register(home, rows, promoted[-1] if promoted else plan.LATER[-1])
    before = versions[-2] if promoted else first
    registry.promote(home, drill)
    restored = int(registry.roll_back(home) == before == served(home))
    registry.promote(home, versions[-1])
    return {"last yes": versions[-1], "serves": served(home), "restored": restored}


def register(home: Path, rows: pd.DataFrame, begin: str) -> int:
    """The version of the month's challenger."""
    train = known(rows, challengers.cutoff(begin))
    about = {"rows": len(train), "until": challengers.cutoff(begin)}
    about["rows_sha256"] = rows.attrs["sha256"]
    model = challengers.challenger(home, rows, begin)
    return registry.register(home, model, train.tail(20)[list(NAMES)], about, {})


def served(home: Path) -> int:
    """The version that servers are told to load."""
    return int(registry.champion(home).name.removeprefix("v"))
