"""The faults `explain` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn")
import numpy as np
from explain import grouped_importance, shap_of_class
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score

BINARY = load_breast_cancer(return_X_y=True)
THREE = load_iris(return_X_y=True)


def forest():
    return RandomForestClassifier(20, random_state=0)


def boosting():
    return HistGradientBoostingClassifier(max_iter=20)


def xgboost():
    return pytest.importorskip("xgboost").XGBClassifier(n_estimators=20, n_jobs=1)


def lightgbm():
    return pytest.importorskip("lightgbm").LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1)


def catboost():
    return pytest.importorskip("catboost").CatBoostClassifier(
        iterations=20, verbose=0, thread_count=1, allow_writing_files=False
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("data", [BINARY, THREE], ids=["binary", "three"])
@pytest.mark.parametrize("make", [forest, boosting, xgboost, lightgbm, catboost])
def test_values_add_up_in_every_shape_and_unit(make, data):
    pytest.importorskip("shap")
    rows, y = data
    model = make().fit(rows, y)
    for k in range(len(set(y))):
        seen = shap_of_class(model, rows[::3], k)
        assert seen.values.shape == rows[::3].shape
        assert seen.unit == ("probability" if make is forest else "log-odds")


def test_the_signs_of_two_classes_are_opposite():
    pytest.importorskip("shap")
    model = boosting().fit(*BINARY)
    no, yes = (shap_of_class(model, BINARY[0][:9], k).values for k in (0, 1))
    assert no == pytest.approx(-yes)


def test_a_model_that_does_not_match_raises():
    pytest.importorskip("shap")

    class Other(RandomForestClassifier):
        def predict_proba(self, rows):
            return super().predict_proba(rows)[:, ::-1]

    with pytest.raises(ValueError, match="add up"):
        shap_of_class(Other(20, random_state=0).fit(*BINARY), BINARY[0][:9])


def test_twins_hide_each_other_unless_shuffled_together():
    rng = np.random.default_rng(0)
    signal = rng.normal(size=1200)
    rows = np.column_stack([signal, signal + rng.normal(0, 0.01, 1200), rng.normal(size=1200)])
    y = signal + rng.normal(0, 0.5, 1200) > 0
    model = forest().set_params(max_features=1).fit(rows[::2], y[::2])

    def score(table):
        return float(roc_auc_score(y[1::2], model.predict_proba(table)[:, 1]))

    groups = {"first": [0], "second": [1], "both": [0, 1], "noise": [2]}
    lost = {name: mean for name, (mean, _) in grouped_importance(score, rows[1::2], groups).items()}
    assert lost["both"] > 1.5 * max(lost["first"], lost["second"])
    assert abs(lost["noise"]) < 0.03
