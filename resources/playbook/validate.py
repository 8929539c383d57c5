"""Stage validate: may this model be released? Judged on unseen April. Needs: train.

Change: the gates' numbers, `SLICES`, and in `push` what must move the answer. Writes
`validation.html` with the plots that a person reads before saying yes.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import frame
import numpy as np
import numpy.typing as npt
import pandas as pd
import plan
import registry
from columns import NAMES, NUMBERS
from decision import COSTS, cost, day_interval, per_thousand
from delay_model import Scorer, recalibrated
from recipe import kept
from report import page
from sklearn.metrics import roc_auc_score
from store import Gate, Result, write_text

from data import between, tested

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SLICES = ("carrier", "origin", "hour")
Array = npt.NDArray[np.float64]


def parity(scorer: Scorer, trees: Any, rows: pd.DataFrame) -> tuple[int, float]:
    """Decisions that differ between LightGBM and ONNX, and the share of rows over 1e-5.

    Not the largest difference: a value that 32 bits put on the other side of a split may jump.
    """
    matrix = scorer.encoder(rows)
    a, b = scorer.score(matrix), np.asarray(trees.predict(matrix), np.float64)
    b = recalibrated(b, scorer.manifest["slope"], scorer.manifest["intercept"])
    flips = (a > scorer.threshold) != (b > scorer.threshold)
    return int(flips.sum()), float((np.abs(a - b) > 1e-5).mean())


def behaviour(scorer: Scorer, rows: pd.DataFrame) -> dict[str, bool]:
    """What must hold whatever was learned."""
    some = rows.sample(min(plan.TESTED_ROWS, len(rows)), random_state=0)[list(NAMES)]
    p = scorer.probability(some)

    def push(**values: float | str) -> Array:
        return scorer.probability(some.assign(**values)) - p

    # A jam shows in all of these at once: one column alone is a world that does not exist.
    delays = ("origin_delay_1h_min", "origin_delay_3h_min", "city_delay_1h_min")
    jam: dict[str, float | str] = dict.fromkeys((*delays, "carrier_delay_3h_min"), 90.0)
    worse = push(**jam, origin_backlog_3h=30.0)
    leg = push(leg_gap_min=90.0, leg_dep_delay_min=180.0, leg_arr_delay_min=180.0)
    nullable = [column.name for column in NUMBERS if column.nullable]
    alone = np.concatenate([scorer.probability(some.iloc[[i]]) for i in range(min(50, len(some)))])
    return {
        "a jammed airport raises the mean by 0.1": bool(worse.mean() > 0.1),
        "an aircraft three hours late raises it by 0.1": bool(leg.mean() > 0.1),
        "an unknown destination moves the mean by less than 0.05": abs(push(dest="XXX").mean())
        < 0.05,
        "one by one is as together": bool(np.array_equal(alone, p[:50])),
        "order of columns does not matter": bool(
            np.array_equal(scorer.probability(some[some.columns[::-1]]), p)
        ),
        "every input that may be missing missing gives a probability": bool(
            np.isfinite(push(**dict.fromkeys(nullable, np.nan))).all()
        ),
    }


def latency(scorer: Scorer, rows: pd.DataFrame) -> float:
    """99th percentile of one row through encoder and model, in milliseconds."""
    some, spent = rows.head(300)[list(NAMES)], []
    for i in range(len(some)):
        one, began = some.iloc[[i]], time.perf_counter()
        scorer.probability(one)
        spent.append(1000 * (time.perf_counter() - began))
    return float(np.quantile(spent, 0.99))


def run(home: Path) -> Result:
    """All gates of a release, and the page for the person who decides."""
    rows = pd.read_parquet(home / "tables" / "rows.parquet")
    test, past = tested(rows), between(rows, "", plan.TRAIN_UNTIL)
    _, version = kept(home)  # not the champion: a later one has learned the test
    scorer = Scorer(registry.publish(home, version))
    p, late = scorer.probability(test), test["late"]
    rule = frame.best_rule(past, past["late"])
    simple = (frame.signal(test) > rule).to_numpy()
    change = cost(late, p > COSTS.threshold) - cost(late, simple)
    gain, low, high = day_interval(change, test["day"])
    spent = {
        name: per_thousand(late, act) for name, act in frame.policies(test, late, rule).items()
    }
    spent["model"] = per_thousand(late, p > COSTS.threshold)
    cuts = {cut: per_thousand(late, p > cut) for cut in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5)}
    regret = spent["model"] / min(cuts.values()) - 1
    import mlflow

    mlflow.set_tracking_uri(registry.uri(home))
    trees = mlflow.lightgbm.load_model(f"models:/{registry.NAME}/{version}").booster_
    flips, odd = parity(scorer, trees, test)
    tests, slices = behaviour(scorer, test), by_slice(test, change)
    worse = slices.loc[slices["low"] > 0, "change"].to_dict()
    figures = {
        "cost in April": {name: round(value) for name, value in spent.items()},
        "cost by threshold": {str(cut): round(value) for cut, value in cuts.items()},
        "change against the rule": [gain, low, high],
        "AUC": float(roc_auc_score(late, p)),
        "observed over expected": float(late.sum() / p.sum()),
        "slices worse than the rule": worse,
        "behaviour": tests,
    }
    gates = [
        Gate("change against the rule per 1,000, upper end", high, high=0),
        Gate("cost over that of the best threshold in hindsight", regret, high=0.05),
        Gate("slices worse than the rule", len(worse), high=0),
        Gate("decisions changed by ONNX", flips, high=0),
        Gate("rows changed by ONNX by more than 1e-5", odd, high=0.001),
        Gate("behaviour tests failed", sum(not held for held in tests.values()), high=0),
        Gate("one row, p99 in ms", latency(scorer, test), high=20, timed=True),
    ]
    tables = {
        "Cost per 1,000 flights": pd.DataFrame({"cost": spent}).round(),
        "Cost by threshold": pd.DataFrame({"cost": cuts}).round(),
        "Change against the rule by slice, 99 %": slices,
    }
    report = page("Validation: may it be released?", gates, tables, plots(test, p, spent))
    write_text(home / "validation.html", report)
    return Result(figures, gates)


def by_slice(rows: pd.DataFrame, change: Array) -> pd.DataFrame:
    """Change of cost per 1,000 in every slice that is large enough, the worst first."""
    found = []
    for name in SLICES:
        for value, where in rows.groupby(name).indices.items():
            if len(where) >= plan.SLICE_LEAST:
                mean, low, high = day_interval(change[where], rows["day"].to_numpy()[where], 0.99)
                found.append((f"{name} {value}", len(where), mean, low, high))
    columns = ["slice", "flights", "change", "low", "high"]
    table = pd.DataFrame(found, columns=columns).set_index("slice").round()
    return table.sort_values("change", ascending=False)


def plots(rows: pd.DataFrame, p: Array, spent: dict[str, float]) -> Figure:
    """Costs, calibration with its counts, cost by day."""
    from matplotlib.figure import Figure

    figure = Figure((15, 4.5), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    left.barh(list(spent), list(spent.values()))
    left.set_title("cost per 1,000 flights")
    late = rows["late"].to_numpy(float)
    tenth = pd.qcut(p, 10, labels=False, duplicates="drop")
    points = pd.DataFrame({"p": p, "late": late}).groupby(tenth).agg(["mean", "count"])
    share, count = points["late"]["mean"], points["late"]["count"]
    error = 2 * np.sqrt(share * (1 - share) / count)
    middle.plot([0, 0.8], [0, 0.8], color="grey")
    middle.errorbar(points["p"]["mean"], share, error, fmt="o-")
    middle.set(title="calibration, tenths of the flights", xlabel="predicted", ylabel="late")
    act = p > COSTS.threshold
    simple = pd.DataFrame({"day": pd.to_datetime(rows["day"]), "model": cost(late, act)})
    simple["perfect"] = cost(late, late)
    for name, daily in (1000 * simple.groupby("day").mean()).items():
        right.plot(daily.index, daily, label=name)
    right.legend()
    right.set_title("cost per 1,000 flights by day")
    right.tick_params("x", rotation=45)
    return figure
