"""The faults `paired_bootstrap` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")
import numpy as np
from paired_bootstrap import compare_recipes, paired_bootstrap
from scipy import stats


def accuracy(y, p):
    return float(((p > 0.5) == y).mean())


def skill(y, p):
    return -float(((p - y) ** 2).mean())


def clustered(rng, units=60, rows=20):
    """Two models whose per-user errors differ: rows of one user move together."""
    unit = np.repeat(np.arange(units), rows)
    y = rng.normal(size=units * rows)
    old = y + rng.normal(size=units)[unit]
    new = y + rng.normal(size=units)[unit]
    return y, old, new, unit


def test_rows_as_units_claim_gains_that_are_not_there():
    rng, by_row, by_unit = np.random.default_rng(0), 0, 0
    for seed in range(150):
        y, old, new, unit = clustered(rng)
        for units in (None, unit):
            gain = paired_bootstrap(skill, y, old, new, units, draws=200, seed=seed)
            wrong = gain.low > 0 or gain.high < 0
            by_row, by_unit = (
                by_row + (wrong and units is None),
                by_unit + (wrong and units is unit),
            )
    assert by_row / 150 > 0.4
    assert by_unit / 150 <= 0.12


def test_pairing_finds_what_separate_intervals_hide():
    rng = np.random.default_rng(1)
    y = rng.random(4000) < 0.5
    old = np.where(rng.random(4000) < 0.80, y, ~y).astype(float)
    new = old.copy()
    wrong = np.flatnonzero((old > 0.5) != y)
    new[wrong[:40]] = y[wrong[:40]]  # one percent of the rows mended, none broken
    gain = paired_bootstrap(accuracy, y, old, new)
    assert gain.gain == pytest.approx(0.01)
    assert gain.better
    alone = [paired_bootstrap(accuracy, y, 1 - y, p) for p in (old, new)]
    assert alone[0].high > alone[1].low


def test_the_unit_may_be_text_and_out_of_order():
    y, old, new, unit = clustered(np.random.default_rng(2), 20, 5)
    mixed = np.random.default_rng(3).permutation(100)
    named = np.array([f"u{i:02}" for i in unit])
    a = paired_bootstrap(skill, y, old, new, unit, draws=50)
    b = paired_bootstrap(skill, y[mixed], old[mixed], new[mixed], named[mixed], draws=50)
    assert (a.units, a.low, a.high) == pytest.approx((b.units, b.low, b.high))


def test_predictions_may_be_text_labels():
    y = np.array(["cat", "dog"] * 20)
    old, new = np.where(np.arange(40) < 10, "cow", y), y.tolist()
    gain = paired_bootstrap(lambda y, p: float((y == p).mean()), y, old, new)
    assert (gain.old, gain.new) == (0.75, 1.0)
    assert gain.better


def test_a_metric_that_breaks_is_counted():
    def strict(y, p):
        return accuracy(y, p) if y.any() else float("nan")

    y = np.arange(10) == 0
    gain = paired_bootstrap(strict, y, np.zeros(10), y.astype(float), draws=500)
    assert 100 < gain.lost < 250
    with pytest.raises(ValueError, match="not finite"):
        paired_bootstrap(strict, y & False, y, y)
    with pytest.raises(ValueError, match="one entry per row"):
        paired_bootstrap(strict, y, y, y, unit=[1])


def fit_error(x, y, train, test):
    slope = x[train] @ y[train] / (x[train] @ x[train])
    return ((y[test] - slope * x[test]) ** 2).mean()


def test_repeated_folds_fool_a_plain_t_test():
    """Two features that are equally good, 6 times 5 folds: the same rows again and again."""
    rng, plain, corrected = np.random.default_rng(4), 0, 0
    for _ in range(200):
        first, second, noise = rng.normal(size=(3, 100))
        y, differences = first + second + noise, []
        for fold in np.concatenate([rng.permutation(100).reshape(5, 20) for _ in range(6)]):
            train = np.delete(np.arange(100), fold)
            errors = [fit_error(x, y, train, fold) for x in (first, second)]
            differences.append(errors[0] - errors[1])
        plain += stats.ttest_1samp(differences, 0).pvalue < 0.05
        corrected += compare_recipes(differences, 0.2)[3] < 0.05
    assert plain / 200 > 0.3
    assert corrected / 200 <= 0.12


def test_recipe_interval_and_p_value_agree():
    mean, low, high, p = compare_recipes([0.01, 0.02, 0.015, 0.03, 0.02], 0.2)
    assert mean == pytest.approx(0.019)
    assert (low > 0) == (p < 0.05)
    assert high > mean
