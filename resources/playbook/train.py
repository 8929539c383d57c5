"""Stage train: one model, and every refinement kept only if it gains. Needs: data.

Fits on January and February, judges on March, then fits what was kept on all three months. Each
refinement is tried on top of those kept before it. One that does not gain costs upkeep forever: it
stays if the upper end of its 90 % interval over days lies below zero. Change: the dates in
`plan.py`, the space in `tuned`, `GROUPS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import frame
import numpy as np
import numpy.typing as npt
import pandas as pd
import plan
import registry
from columns import NAMES
from decision import COSTS, cost, day_interval, per_thousand
from delay_model import FIXED, PARAMETERS, fit
from recipe import Recipe, keep
from sklearn.metrics import log_loss, roc_auc_score
from store import Gate, Result, digest

from data import between, known

if TYPE_CHECKING:
    import optuna

TRIALS = 8
GROUPS: dict[str, tuple[str, ...]] = {
    "previous leg": ("leg_",),
    "airport now": ("origin_", "city_"),
    "weather": ("temp_f", "dewp_f", "humid", "wind", "gust", "precip", "pressure", "visib"),
    "28-day rates": ("rate_",),
    "carrier and destination now": ("carrier_delay", "dest_arr"),
}
Array = npt.NDArray[np.float64]


def space(trial: optuna.Trial) -> None:
    """What is tuned, and within which bounds."""
    trial.suggest_int("num_leaves", 7, 63, log=True)
    trial.suggest_float("learning_rate", 0.02, 0.1, log=True)
    trial.suggest_int("min_child_samples", 20, 400, log=True)
    trial.suggest_float("colsample_bytree", 0.3, 1.0)


def sampler() -> optuna.samplers.BaseSampler:
    """What proposes parameters; its first ten trials are drawn by lot, whatever the others gave."""
    import optuna

    return optuna.samplers.TPESampler(seed=0)


def loss(rows: pd.DataFrame, chosen: dict[str, Any]) -> float:
    """How wrong these parameters are inside January and February."""
    inner, judge = known(rows, plan.TUNE_FROM), between(rows, plan.TUNE_FROM, plan.FIT_UNTIL)
    model = fit(inner, inner["late"], chosen)
    return float(log_loss(judge["late"], model.probability(judge)))


def tuned(rows: pd.DataFrame) -> dict[str, Any]:
    """The best of `TRIALS` sets of parameters."""
    import optuna

    def objective(trial: optuna.Trial) -> float:
        space(trial)
        return loss(rows, trial.params)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=sampler())
    study.optimize(objective, n_trials=TRIALS)
    return dict(study.best_params)


def steps(rows: pd.DataFrame) -> Iterator[tuple[str, Callable[[Recipe], Recipe]]]:
    """What is tried, in this order: its name, and what it makes of a recipe."""
    best = tuned(rows)
    yield "tuned", lambda recipe: replace(recipe, parameters=best)
    yield "calibrated on the last weeks", lambda recipe: replace(recipe, calibrated=True)
    for name, begin in GROUPS.items():
        yield f"without {name}", partial(_leave, begin)


def _leave(begin: tuple[str, ...], recipe: Recipe) -> Recipe:
    return replace(recipe, without=recipe.without + begin)


def refinements(rows: pd.DataFrame) -> tuple[dict[str, dict[str, Any]], Recipe]:
    """What each refinement gains in March per 1,000 flights, and the recipe with those that do."""
    judge = between(rows, plan.FIT_UNTIL, plan.TRAIN_UNTIL)
    late, day = judge["late"], judge["day"]
    recipe = Recipe()
    p = recipe.fit(rows, plan.FIT_UNTIL).probability(judge)
    table: dict[str, dict[str, Any]] = {"as it is": {**judged(judge, p), **beside(judge, p)}}
    for name, change in steps(rows):
        other = change(recipe)
        q = other.fit(rows, plan.FIT_UNTIL).probability(judge)
        gain = cost(late, q > COSTS.threshold) - cost(late, p > COSTS.threshold)
        mean, low, high = day_interval(gain, day, level=0.9)
        table[name] = {"change": mean, "low": low, "high": high, "kept": high < 0}
        table[name] |= judged(judge, q)
        if high < 0:
            recipe, p = other, q
    return table, recipe


def judged(rows: pd.DataFrame, p: Array) -> dict[str, float]:
    """Cost and AUC of these probabilities."""
    spent = per_thousand(rows["late"], p > COSTS.threshold)
    return {"cost": spent, "AUC": float(roc_auc_score(rows["late"], p))}


def beside(rows: pd.DataFrame, p: Array) -> dict[str, float]:
    """What the simple rule's signal reaches alone, and how near the model is to the ceiling."""
    late, signal = rows["late"], frame.signal(rows).fillna(0)
    simple = per_thousand(late, signal > frame.best_rule(rows, late))
    ceiling = simple - per_thousand(late, late)
    saved = simple - per_thousand(late, p > COSTS.threshold)
    alone = float(roc_auc_score(late, signal))
    return {"AUC of the rule's signal": alone, "share of the ceiling": saved / ceiling}


def run(home: Path) -> Result:
    """A registered model with the table of what was tried."""
    source = home / "tables" / "rows.parquet"
    rows = pd.read_parquet(source)
    table, recipe = refinements(rows)
    model, again = (recipe.fit(rows, plan.TRAIN_UNTIL) for _ in range(2))
    train, plain = known(rows, plan.TRAIN_UNTIL), table["as it is"]
    about = {**PARAMETERS, **FIXED, **recipe.parameters, "rows": len(train)}
    about |= {"until": plan.TRAIN_UNTIL, "rows_sha256": digest(source)}
    about |= {"without": str(recipe.without), "calibrated": recipe.calibrated}
    metrics = {"march_cost": plain["cost"], "march_auc": plain["AUC"]}
    version = registry.register(home, model, train.tail(20)[list(NAMES)], about, metrics)
    registry.promote(home, version)
    keep(home, recipe, version)
    figures = {"version": version, "rows": len(train), "kept": asdict(recipe), "in March": table}
    gain = plain["AUC"] - plain["AUC of the rule's signal"]
    gates = [
        Gate("AUC in March over that of the rule's signal", gain, low=0),
        Gate("share of a perfect model's saving; more is a leak", plain["share of the ceiling"],
             high=plan.TOO_GOOD),
        Gate("a second fit differs in so many characters", float(model.text != again.text), 0, 0),
    ]  # fmt: skip
    return Result(figures, gates)
