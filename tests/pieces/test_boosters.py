"""The faults `boosters` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn")
import numpy as np
from boosters import fit_early, save_kept
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

pytestmark = pytest.mark.filterwarnings("ignore")
X, Y = make_classification(3000, 12, flip_y=0.25, random_state=0)
FIT, VALID = slice(None, 2000), slice(2000, None)


def xgboost(trees=400, **more):
    library = pytest.importorskip("xgboost")
    return library.XGBClassifier(n_estimators=trees, learning_rate=0.3, n_jobs=1, **more)


def lightgbm(trees=400, **more):
    library = pytest.importorskip("lightgbm")
    return library.LGBMClassifier(
        n_estimators=trees, learning_rate=0.3, n_jobs=1, verbose=-1, **more
    )


def catboost(trees=400, **more):
    library = pytest.importorskip("catboost")
    return library.CatBoostClassifier(
        iterations=trees,
        learning_rate=0.3,
        leaf_estimation_iterations=1,  # the default depends on the other settings
        thread_count=1,
        allow_writing_files=False,
        **more,
    )


def sklearn(trees=400, **more):
    return HistGradientBoostingClassifier(max_iter=trees, learning_rate=0.3, **more)


ALL = [xgboost, lightgbm, catboost, sklearn]


def fit(model, **more):
    return fit_early(model, X[FIT], Y[FIT], X[VALID], Y[VALID], rounds=30, **more)


def loss(model):
    return log_loss(Y[VALID], model.predict_proba(X[VALID])[:, 1])


@pytest.mark.parametrize("make", ALL)
def test_it_keeps_the_best_trees_and_predicts_with_them(make):
    model = make()
    kept = fit(model)
    assert kept.finished
    assert 1 < kept.trees < 200
    few, many = make(kept.trees), make(400)
    assert loss(model) == pytest.approx(loss(few.fit(X[FIT], Y[FIT])), abs=1e-6)
    assert loss(model) < loss(many.fit(X[FIT], Y[FIT])) - 0.02


@pytest.mark.parametrize("make", ALL)
def test_too_few_trees_are_reported(make):
    assert not fit(make(8)).finished


@pytest.mark.parametrize("make", [xgboost, lightgbm])
def test_a_misspelt_parameter_raises(make):
    with pytest.raises(ValueError, match="lernin_rate"):
        fit(make(lernin_rate=0.5))


def test_a_known_alias_can_be_let_through():
    assert fit(lightgbm(bagging_freq=1), also={"bagging_freq", "verbose"}).finished


def test_a_model_of_another_kind_raises():
    with pytest.raises(ValueError, match="none of the four"):
        fit(LogisticRegression())


def test_the_xgboost_file_holds_the_kept_trees_only(tmp_path):
    model = xgboost()
    fit(model)
    import xgboost as library

    rows, wanted = library.DMatrix(X[VALID]), model.predict_proba(X[VALID])[:, 1]
    seen = {}
    for name, save in {"whole": model.save_model, "kept": lambda p: save_kept(model, p)}.items():
        save(str(tmp_path / f"{name}.ubj"))
        seen[name] = library.Booster(model_file=str(tmp_path / f"{name}.ubj")).predict(rows)
    assert seen["kept"] == pytest.approx(wanted, abs=1e-6)
    assert np.abs(seen["whole"] - wanted).max() > 0.1


def test_the_other_files_predict_the_same(tmp_path):
    model, other = lightgbm(), catboost()
    fit(model), fit(other)
    save_kept(model, str(tmp_path / "m.txt"))
    save_kept(other, str(tmp_path / "m.cbm"))
    import catboost as cat
    import lightgbm as light

    read = light.Booster(model_file=str(tmp_path / "m.txt")).predict(X[VALID])
    assert read == pytest.approx(model.predict_proba(X[VALID])[:, 1])
    read = cat.CatBoostClassifier().load_model(str(tmp_path / "m.cbm")).predict_proba(X[VALID])
    assert read == pytest.approx(other.predict_proba(X[VALID]))
