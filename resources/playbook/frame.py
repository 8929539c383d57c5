"""Stage frame: is the decision worth a model? Costs, baselines, the ceiling. Needs nothing.

Change: `Costs` in `decision.py`, `RULES` and `signal`, `WORTH` and the dates in `plan.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import events
import feed
import numpy as np
import numpy.typing as npt
import pandas as pd
import plan
from decision import COSTS, Costs, per_thousand
from features import State
from store import Gate, Result

RULES = (5.0, 10.0, 15.0, 20.0, 30.0)
"""Minutes of mean delay at the origin in the last hour from which the simple rule acts."""


def policies(rows: pd.DataFrame, late: pd.Series, rule: float) -> dict[str, npt.NDArray[np.bool_]]:
    """What can be done without a model, and by one who knows the future."""
    return {
        "never": np.zeros(len(rows), bool),
        "always": np.ones(len(rows), bool),
        "route's rate over threshold": (rows["rate_route_28d"] > COSTS.threshold).to_numpy(),
        "origin's last hour late": (signal(rows) > rule).to_numpy(),
        "knows the future": late.to_numpy(bool),
    }


def signal(rows: pd.DataFrame) -> pd.Series:
    """What the simple rule looks at, the larger the more likely late. Change: yours."""
    return rows["origin_delay_1h_min"]


def best_rule(rows: pd.DataFrame, late: pd.Series) -> float:
    """The cut of the simple rule that costs least on these rows."""

    def spent(rule: float) -> float:
        return per_thousand(late, signal(rows) > rule)

    return min(RULES, key=spent)


def sensitivity(rows: pd.DataFrame, late: pd.Series, rule: float) -> dict[str, dict[str, float]]:
    """Cost of each policy where a miss costs a third less, or half more, than assumed."""
    table: dict[str, dict[str, float]] = {}
    for factor in (2 / 3, 1, 1.5):
        missed = factor * COSTS.late_unprotected
        costs: Costs = replace(COSTS, late_unprotected=missed)
        acts = policies(rows, late, rule)
        spent = {n: round(per_thousand(late, act, costs), 0) for n, act in acts.items()}
        table[f"a miss costs {missed:g}"] = spent
    return table


def run(home: Path) -> Result:
    """Costs per 1,000 flights, January to March, and whether there is something to gain."""
    log = events.build(pd.concat([feed.flights(month) for month in plan.FRAMED], ignore_index=True))
    rows = State(log, pd.concat([feed.weather(month) for month in plan.FRAMED])).rows(log)
    late = log["late"]
    rule = best_rule(rows, late)
    table = sensitivity(rows, late, rule)
    assumed = table[f"a miss costs {COSTS.late_unprotected:g}"]
    floor = assumed["knows the future"]
    best = min(spent for name, spent in assumed.items() if name != "knows the future")
    figures = {"late": float(late.mean()), "rule": rule, "threshold": COSTS.threshold}
    gates = [
        Gate("share of late flights", float(late.mean()), 0.01, 0.5),
        Gate(
            "what a perfect model could save of the best rule's cost",
            1 - floor / best,
            low=plan.WORTH,
        ),
    ]
    return Result(figures | {"cost per 1,000": table}, gates)
