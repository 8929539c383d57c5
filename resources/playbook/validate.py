"""Stage validate: may this model be released? Judged on unseen April. Needs: train.

Change: the gates' numbers, `SLICES`, and in `push` what must move the answer. Writes
`validation.html` with the plots that a person reads before saying yes.
"""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from typing import Any

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
from sklearn.metrics import roc_auc_score
from store import Gate, Result, write_text

from data import between, tested

SLICES = ("carrier", "origin", "hour")
Array = npt.NDArray[np.float64]


def slices(rows: pd.DataFrame, change: Array) -> dict[str, float]:
    """Slices in which the model costs more than the rule, by the lower end of a 99 % interval."""
    worse: dict[str, float] = {}
    for name in SLICES:
        for value, where in rows.groupby(name).indices.items():
            if len(where) >= plan.SLICE_LEAST:
                mean, low, _ = day_interval(change[where], rows["day"].to_numpy()[where], 0.99)
                if low > 0:
                    worse[f"{name} {value}"] = round(mean)
    return worse


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
    tests, worse = behaviour(scorer, test), slices(test, change)
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
    write_text(home / "validation.html", page(test, p, spent, gates))
    return Result(figures, gates)


def page(rows: pd.DataFrame, p: Array, spent: dict[str, float], gates: list[Gate]) -> str:
    """Costs, calibration and cost by day in one file that a browser opens."""
    from matplotlib.figure import Figure

    figure = Figure((13, 4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    left.barh(list(spent), list(spent.values()))
    left.set_title("cost per 1,000 flights, April")
    bins = pd.qcut(p, 10, duplicates="drop")
    points = pd.DataFrame({"p": p, "late": rows["late"].to_numpy(float)}).groupby(
        np.asarray(bins.codes)
    )
    middle.plot([0, 1], [0, 1], color="grey")
    middle.plot(points["p"].mean(), points["late"].mean(), "o-")
    middle.set_title("share late by predicted probability")
    act = (p > COSTS.threshold).astype(float)
    daily = pd.DataFrame({"day": rows["day"].str[5:], "cost": 1000 * cost(rows["late"], act)})
    daily.groupby("day")["cost"].mean().plot(ax=right, title="model's cost by day")
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=80)
    picture = base64.b64encode(image.getvalue()).decode()
    lines = "".join(f"<li>{gate}</li>" for gate in gates)
    return f'<title>Validation</title><ul>{lines}</ul><img src="data:image/png;base64,{picture}">'
