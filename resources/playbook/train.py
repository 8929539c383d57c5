"""Stage train: one model, and every refinement kept only if it gains. Needs: data.

Fits on January and February, judges on March, then fits the winner on all three months. Change: the
months, `SPACE`, `GROUPS`. A refinement that does not gain costs upkeep forever: the rule is that
the upper end of its 90 % interval over days lies below zero.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import registry
from decision import COSTS, cost, day_interval, per_thousand
from delay_model import FIXED, PARAMETERS, fit, recalibrated
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from store import Gate, Result, digest

from data import TRAIN_UNTIL, between, known

TRIALS = 8
FIT_UNTIL, TUNE_FROM = "2013-03-01", "2013-02-11"
GROUPS: dict[str, str | tuple[str, ...]] = {
    "previous leg": "leg_",
    "airport now": ("origin_", "city_"),
    "weather": ("temp_f", "dewp_f", "humid", "wind", "gust", "precip", "pressure", "visib"),
    "28-day rates": "rate_",
    "carrier and destination now": ("carrier_delay", "dest_arr"),
}
Array = npt.NDArray[np.float64]


def platt(p: Array, late: npt.ArrayLike) -> tuple[float, float]:
    """Slope and intercept that make these probabilities fit these outcomes."""
    odds = np.log(np.clip(p, 1e-6, 1 - 1e-6) / (1 - np.clip(p, 1e-6, 1 - 1e-6)))
    line = LogisticRegression(C=np.inf).fit(odds[:, None], np.asarray(late, int))
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def tuned(rows: pd.DataFrame) -> dict[str, Any]:
    """The best of `TRIALS` sets of parameters, judged inside January and February alone."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    inner, judge = known(rows, TUNE_FROM), between(rows, TUNE_FROM, FIT_UNTIL)

    def loss(trial: optuna.Trial) -> float:
        chosen = {
            "num_leaves": trial.suggest_int("num_leaves", 7, 63, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.1, log=True),
            "min_child_samples": trial.suggest_int("min_child_samples", 20, 400, log=True),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
        }
        model = fit(inner, inner["late"], chosen)
        return float(log_loss(judge["late"], model.probability(judge)))

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(loss, n_trials=TRIALS)
    return dict(study.best_params)


def without(prefix: str | tuple[str, ...]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Takes a group of features away: an empty column splits nothing."""
    return lambda rows: rows.assign(**{n: np.nan for n in rows.columns if n.startswith(prefix)})


def refinements(rows: pd.DataFrame) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """What each refinement gains in March per 1,000 flights, and the parameters to go on with."""
    train, judge = known(rows, FIT_UNTIL), between(rows, FIT_UNTIL, TRAIN_UNTIL)
    late, day = judge["late"], judge["day"]
    base = fit(train, train["late"]).probability(judge)
    table = {"as it is": {"cost": per_thousand(late, base > COSTS.threshold)}}
    table["as it is"]["AUC"] = float(roc_auc_score(late, base))

    def add(name: str, p: Array, cut: float = COSTS.threshold) -> bool:
        change = cost(late, p > cut) - cost(late, base > COSTS.threshold)
        mean, low, high = day_interval(change, day, level=0.9)
        table[name] = {"change": mean, "low": low, "high": high}
        table[name]["AUC"] = float(roc_auc_score(late, p))
        return high < 0

    best = tuned(rows)
    gains = add("tuned", fit(train, train["late"], best).probability(judge))
    first, second = known(rows, TUNE_FROM), between(rows, TUNE_FROM, FIT_UNTIL)
    second = second[second["known_at"] <= train["known_at"].max()]
    model = fit(first, first["late"])
    line = platt(model.probability(second), second["late"])
    add("calibrated on the last weeks", recalibrated(model.probability(judge), *line))
    for name, prefix in GROUPS.items():
        cut = without(prefix)
        add(f"without {name}", fit(cut(train), train["late"]).probability(cut(judge)))
    return table, best if gains else {}


def run(home: Path) -> Result:
    """A registered model with the table of what was tried."""
    source = home / "tables" / "rows.parquet"
    rows = pd.read_parquet(source)
    table, better = refinements(rows)
    train = known(rows, TRAIN_UNTIL)
    model, again = (fit(train, train["late"], better) for _ in range(2))
    about = {**PARAMETERS, **FIXED, **better, "rows": len(train), "until": TRAIN_UNTIL}
    about["rows_sha256"] = digest(source)
    metrics = {"march_cost": table["as it is"]["cost"], "march_auc": table["as it is"]["AUC"]}
    version = registry.register(
        home, model, train.tail(20)[list(rows.columns[:31])], about, metrics
    )
    if "champion" not in registry.aliases(home):
        registry.promote(home, version)
    figures = {"version": version, "rows": len(train), "kept": better, "in March": table}
    gates = [
        Gate("AUC in March", table["as it is"]["AUC"], 0.7, 0.9),
        Gate("a second fit differs in so many characters", float(model.text != again.text), 0, 0),
    ]
    return Result(figures, gates)
