"""Early stopping for four boosters in one call, and a file that predicts with the kept trees only.

Call `kept = fit_early(model, rows, y, valid_rows, valid_y)` and `save_kept(model, "model.ubj")`.

Copy the file; it needs XGBoost, LightGBM, CatBoost or scikit-learn (HistGradientBoosting). Build
the model with many trees and pass validation rows that stand for the future. It does three things
that the libraries do not: a misspelt parameter raises (LightGBM and XGBoost train without it), a
run that was still getting better at its last tree says so, and `save_kept` writes a file from which
the plain booster predicts as the model did (`xgboost.Booster` uses every tree of the wrapper's own
file, also those that early stopping had thrown away). Change `rounds`.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection
from typing import Any, NamedTuple


class Kept(NamedTuple):
    """Trees kept, and whether the score had stopped rising before the last tree allowed."""

    trees: int
    finished: bool


def fit_early(
    model: Any,
    rows: Any,
    y: Any,
    valid_rows: Any,
    valid_y: Any,
    rounds: int = 50,
    also: Collection[str] = ("verbose",),
    **fit: Any,
) -> Kept:
    """Fit `model` until `rounds` trees in a row bring nothing on the validation rows.

    `also` names what the library knows and its constructor does not list; `fit` goes to the model's
    own `fit`. Raises ValueError for any other parameter that is not listed.
    """
    library = type(model).__module__.partition(".")[0]
    unknown = set(model.get_params(deep=False)) - _listed(model) - set(also)
    if unknown and library != "catboost":  # CatBoost refuses unknown names itself
        raise ValueError(f"{type(model).__name__} does not list {sorted(unknown)}")
    if library == "xgboost":
        model.set_params(early_stopping_rounds=rounds)
        model.fit(rows, y, eval_set=[(valid_rows, valid_y)], verbose=False, **fit)
        kept, limit = model.best_iteration + 1, model.get_num_boosting_rounds()
    elif library == "lightgbm":
        import lightgbm

        stop = lightgbm.early_stopping(rounds, first_metric_only=True, verbose=False)
        model.fit(rows, y, eval_X=valid_rows, eval_y=valid_y, callbacks=[stop], **fit)
        kept, limit = model.best_iteration_, model.n_estimators
    elif library == "catboost":
        model.fit(
            rows,
            y,
            eval_set=(valid_rows, valid_y),
            early_stopping_rounds=rounds,
            verbose=False,
            **fit,
        )
        kept, limit = model.get_best_iteration() + 1, model.get_all_params()["iterations"]
    elif hasattr(model, "n_iter_no_change") and hasattr(
        model, "max_iter"
    ):  # it keeps the trees behind the best one: fit once more without them
        model.set_params(early_stopping=True, n_iter_no_change=rounds)
        model.fit(rows, y, X_val=valid_rows, y_val=valid_y, **fit)
        limit = model.max_iter
        kept = max(1, int(model.validation_score_.argmax()))
        model.set_params(early_stopping=False, max_iter=kept).fit(rows, y, **fit)
        return Kept(kept, kept + rounds <= limit)
    else:
        raise ValueError(f"{type(model).__name__} is none of the four")
    return Kept(kept, kept + rounds <= limit)


def save_kept(model: Any, path: str) -> None:
    """Write a native file with the kept trees only: .ubj or .json, .txt, .cbm."""
    library = type(model).__module__.partition(".")[0]
    if library == "xgboost":
        model.get_booster()[: model.best_iteration + 1].save_model(path)
    elif library == "lightgbm":
        model.booster_.save_model(path, num_iteration=model.best_iteration_)
    elif library == "catboost":  # it has cut itself down when it stopped
        model.save_model(path)
    else:
        raise ValueError(f"{type(model).__name__} has no native file: use skops")


def _listed(model: Any) -> set[str]:
    names: set[str] = set()
    for kind in type(model).__mro__:
        if "__init__" in vars(kind):
            names |= set(inspect.signature(vars(kind)["__init__"]).parameters)
    return names
