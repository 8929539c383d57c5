"""Stage release: shadow, canary, A/B test of a new model, replayed on June. Needs: serve.

The rule is fixed before the start: release if the upper end of the A/B interval is below zero, the
sample ratio is as planned and the new model does not act more than `ACTS` more often. A replay
knows both outcomes of every flight; it cannot show seats that run out. Change: the rule,
`STEPS`, what is assigned in `plan.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import challengers
import numpy as np
import numpy.typing as npt
import pandas as pd
import plan
from decision import COSTS, cost, day_interval
from store import Gate, Result
from trials import compare, false_alarms, sample_ratio, treated

from data import between

STEPS = ((0.05, 3), (0.25, 4), (1.0, 24))
"""Shares of the canary and the days that each lasts."""
ACTS = 0.15
WORSE = 100.0
"""Cost per 1,000 by which a canary is surely worse when it is rolled back."""
DRAWS = 500
Array = npt.NDArray[np.float64]


def tolerance(rows: pd.DataFrame, old: Array, new: Array) -> float:
    """Twice the largest difference of a shadow day in how often the two models act."""
    acts = pd.DataFrame({"old": old > COSTS.threshold, "new": new > COSTS.threshold})
    daily = acts.groupby(rows["day"].to_numpy()).mean()
    return float(2 * (daily["new"] - daily["old"]).abs().max())


def canary(rows: pd.DataFrame, old: Array, new: Array, allowed: float) -> tuple[float, str]:
    """The share reached and why it stopped there; rolls back on the guard of any evening.

    Two guards: how often it acts, known at once; what it costs, known with the labels.
    """
    day, units = rows["day"].to_numpy(), rows[plan.UNIT]
    days, begin = sorted(set(day)), 0
    before, after = (cost(rows["late"], p > COSTS.threshold) for p in (old, new))
    for share, length in STEPS:
        arm = treated(units, share)
        spent = np.where(arm, after, before)
        for evening in range(1, length + 1):
            seen = np.isin(day, days[begin : begin + evening])
            sides = [units[seen & side].nunique() for side in (arm, ~arm)]
            if not sides[0]:
                continue
            acted = float((new > COSTS.threshold)[seen & arm].mean())
            usual = float((old > COSTS.threshold)[seen & arm].mean())  # the shadow on the same rows
            if abs(acted - usual) > allowed:
                return share, f"acts on {acted:.0%}, the old model on {usual:.0%} of the same"
            if evening > 1 and min(sides) >= plan.CANARY_LEAST:
                _, low, _ = compare(spent[seen], arm[seen], units[seen])
                if 1000 * low > WORSE:
                    return share, f"costs at least {1000 * low:.0f} more per 1,000"
        begin += length
    return 1.0, "all guards held"


def run(home: Path) -> Result:
    """Three ways to ask whether the new model is better, beside the truth."""
    rows = challengers.load(home)
    rows = rows.assign(new=challengers.scores(home, rows, challengers.cutoff(plan.TRIAL[0])))
    june = between(rows, *plan.TRIAL)
    old, new = june["p"].to_numpy(), june["new"].to_numpy()
    before, after = (cost(june["late"], p > COSTS.threshold) for p in (old, new))
    shadow = day_interval(after - before, june["day"])
    week = pd.to_datetime(june["day"]).dt.day.to_numpy() // 7
    weeks = [
        day_interval((after - before)[week == w], june["day"].to_numpy()[week == w])
        for w in range(4)
    ]
    arm = treated(june[plan.UNIT], 0.5)
    test = tuple(1000 * x for x in compare(np.where(arm, after, before), arm, june[plan.UNIT]))
    assigned = ~june[plan.UNIT].duplicated().to_numpy()
    ratio = sample_ratio(arm[assigned], 0.5)
    more = float((new[arm] > COSTS.threshold).mean() - (old[~arm] > COSTS.threshold).mean())
    flight, day = np.arange(len(june)), pd.factorize(june["day"])[0].astype(np.int64)
    alarms = {
        "by flight, tested by flight": false_alarms(before, flight, False, DRAWS),
        "by day, tested by flight": false_alarms(before, day, False, DRAWS),
        "by day, tested by day": false_alarms(before, day, True, DRAWS),
    }
    ahead = between(rows, challengers.cutoff(plan.TRIAL[0]), plan.TRIAL[0])
    allowed = tolerance(ahead, ahead["p"].to_numpy(), ahead["new"].to_numpy())
    reached, why = canary(june, old, new, allowed)
    broken, stopped = canary(june, old, 1 - new, allowed)
    figures: dict[str, Any] = {
        "release": bool(test[2] < 0 and more < ACTS and ratio > 0.001),
        "shadow, whole month": shadow,
        "shadow, single weeks": weeks,
        "A/B": {"change": test, "sample ratio p": ratio, "acts more": more},
        "truth in June": shadow[0],
        "false alarms of A/A tests": alarms,
        "decisions that differ": float(((old > COSTS.threshold) != (new > COSTS.threshold)).mean()),
        "canary may act otherwise on": allowed,
        "canary": [reached, why],
        "canary of a broken model": [broken, stopped],
    }
    gates = [
        Gate("A/B, sample ratio p", ratio, low=0.001),
        Gate("truth within the A/B interval", float(test[1] <= shadow[0] <= test[2]), 1, 1),
        Gate("canary reached", reached, 1, 1),
        Gate("canary of a broken model reached", broken, high=0.05),
        Gate("false alarms, by flight", alarms["by flight, tested by flight"], 0.02, 0.08),
        Gate("false alarms, by day tested by day", alarms["by day, tested by day"], 0.02, 0.09),
    ]
    return Result(figures, gates)
