"""Grade an answer by running it: ``python model_evaluation_testing.py ID answer.py``.

It says nothing if the answer is right. Each check simulates the world in which the quick answer
goes wrong. Needs the stack of the module.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("pandas")
import numpy as np
import pandas as pd


def sessions(answer: ModuleType) -> None:
    rng, seen = np.random.default_rng(0), {0.0: 0, 0.1: 0}
    for lift in seen:
        for _ in range(150):
            user, arm = np.arange(600), rng.choice(["A", "B"], 600)
            count = 1 + rng.poisson(rng.gamma(1.0, 5.0, 600))
            rate = np.clip(rng.beta(2, 5, 600) + lift * (arm == "B"), 0, 1)
            rows = np.repeat(user, count)
            log = pd.DataFrame({"user": rows, "clicked": rng.random(len(rows)) < rate[rows]})
            log["clicked"] = log["clicked"].astype(int)
            seen[lift] += answer.p_value(pd.DataFrame({"user": user, "arm": arm}), log) < 0.05
    assert seen[0.0] / 150 <= 0.1, f"false alarms in {seen[0.0] / 150:.0%} of A/A tests"
    assert seen[0.1] / 150 >= 0.8, "a real effect is not seen"


def peeking(answer: ModuleType) -> None:
    rng, seen = np.random.default_rng(0), {0.0: 0, 0.25: 0}
    for effect in seen:
        for _ in range(150):
            a, b = rng.normal(0, 1, 2000), rng.normal(effect, 1, 2000)
            seen[effect] += any(answer.stop(a[:n], b[:n]) for n in range(100, 2001, 100))
    assert seen[0.0] / 150 <= 0.09, f"stops in {seen[0.0] / 150:.0%} of A/A tests"
    assert seen[0.25] / 150 >= 0.9, "a real effect is not seen"


def counts(answer: ModuleType) -> None:
    assert not answer.readable(100_000, 101_500)
    assert answer.readable(100_000, 100_400)
    assert answer.readable(90_100, 9_900, planned=0.9)
    assert not answer.readable(90_100, 9_200, planned=0.9)


def threshold(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    chance = rng.beta(0.5, 12, 40_000)
    y = (rng.random(40_000) < chance).astype(int)
    score = chance**0.5  # ranks well, is no probability

    def cost(cut: float) -> float:
        flagged = score[20_000:] >= cut
        return float((50 * (y[20_000:] * ~flagged) + (1 - y[20_000:]) * flagged).sum())

    best = min(cost(cut) for cut in np.linspace(0, 1, 400))
    assert cost(answer.threshold(y[:20_000], score[:20_000])) <= 1.1 * best


def too_high(answer: ModuleType) -> None:
    p = np.linspace(0.001, 0.6, 50)
    rate = 0.03
    odds = p / (1 - p) * (1 - rate) / rate
    assert np.allclose(answer.fix(odds / (1 + odds), rate), p, atol=1e-6)


def better(answer: ModuleType) -> None:
    rng, seen = np.random.default_rng(0), {0.0: 0, 0.08: 0}
    for gain in seen:
        for _ in range(60):
            customer = np.repeat(np.arange(100), 10)
            y = rng.integers(0, 2, 1000)
            hits = (rng.random((2, 100)) < [[0.8], [0.8 + gain]])[:, customer]  # a customer at once
            old, new = np.where(hits, y, 1 - y)
            mixed = rng.permutation(1000)
            seen[gain] += bool(answer.better(*(v[mixed] for v in (y, old, new, customer))))
    assert seen[0.0] / 60 <= 0.12, f"noise is called better in {seen[0.0] / 60:.0%} of cases"
    assert seen[0.08] / 60 >= 0.15, "a real gain is never seen"


def late_labels(answer: ModuleType) -> None:
    days = np.random.default_rng(0).integers(0, 730, 3000)
    date = np.datetime64("2024-01-01", "ns") + days * np.timedelta64(1, "D")
    pairs = list(answer.splits(date))
    assert len(pairs) >= 3
    for train, test in pairs:
        assert len(train) > 50, "hardly a row to train on"
        assert len(test) > 20, "hardly a row to test on"
        assert date[train].max() + np.timedelta64(60, "D") <= date[test].min() + np.timedelta64(
            1, "D"
        )


def fair(answer: ModuleType) -> None:
    rng, seen = np.random.default_rng(0), {0.0: 0, 0.6: 0}
    for lost in seen:
        for _ in range(60):
            group = np.where(rng.random(300) < 0.2, "b", "a")
            y = (rng.random(300) < 0.4).astype(int)
            rate = np.where(y == 1, 0.85 - lost * (group == "b"), 0.1)
            seen[lost] += bool(answer.unfair(y, (rng.random(300) < rate).astype(int), group))
    assert seen[0.0] / 60 <= 0.12, f"{seen[0.0] / 60:.0%} of fair models are accused"
    assert seen[0.6] / 60 >= 0.8, "a strong gap is not seen"


def shap(answer: ModuleType) -> None:
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from xgboost import XGBClassifier

    rows, y = load_breast_cancer(return_X_y=True)
    for model in (
        RandomForestClassifier(20, random_state=0),
        HistGradientBoostingClassifier(max_iter=20),
        XGBClassifier(n_estimators=20, n_jobs=1),
    ):
        p = model.fit(rows, y).predict_proba(rows[:60])[:, 1]
        values = np.asarray(answer.positive(model, rows[:60]))
        assert values.shape == (60, 30), values.shape
        assert np.corrcoef(values.sum(axis=1), p)[0, 1] > 0.8, "not the positive class"


def columns(answer: ModuleType) -> None:
    from lightgbm import LGBMClassifier
    from sklearn.datasets import load_breast_cancer

    rows, y = load_breast_cancer(return_X_y=True, as_frame=True)
    rows = rows.iloc[:, :6].rename(columns=lambda name: name.replace(" ", "_"))
    model = LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1).fit(rows, y)
    right = model.predict_proba(rows)[:, 1]
    renamed = rows.rename(columns={"mean_area": "area"})
    for frame in (rows, rows[rows.columns[::-1]], rows.drop(columns="mean_area"), renamed):
        try:
            given = np.asarray(answer.predict(model, frame))
        except Exception:
            assert frame is not rows, "refuses the right columns"
            continue
        assert np.allclose(given, right), "wrong answers without an error"


CHECKS = {
    "sessions": sessions,
    "peeking": peeking,
    "counts": counts,
    "threshold": threshold,
    "too-high": too_high,
    "better": better,
    "late-labels": late_labels,
    "fair": fair,
    "shap": shap,
    "columns": columns,
}


def load(path: str) -> ModuleType:
    """The answer as a module; its folder is on the path, so that it may bring pieces."""
    sys.path.insert(0, str(Path(path).parent))
    spec = spec_from_file_location("answer", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    CHECKS[sys.argv[1]](load(sys.argv[2]))
