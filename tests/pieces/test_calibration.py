"""The faults `calibration` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")
import numpy as np
from calibration import cheapest_cut, reliability, undo_sampling


def truthful(rows=20_000, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 20, rows)
    return (rng.random(rows) < p).astype(float), p


def test_a_truthful_model_passes_at_any_size():
    for rows in (300, 3_000, 30_000):
        passed = sum(reliability(*truthful(rows, seed)).calibrated for seed in range(40))
        assert passed >= 34
    assert reliability(*truthful(300)).error > 0.01  # not zero, and no fault


def test_a_resampled_model_is_seen_and_mended():
    y, p = truthful()
    rate = y.mean()
    odds = p / (1 - p) * (1 - rate) / rate  # trained on as many positives as negatives
    inflated = odds / (1 + odds)
    seen = reliability(y, inflated)
    assert not seen.calibrated
    assert seen.mean_prediction > 5 * seen.base_rate
    assert seen.skill < 0
    mended = reliability(y, undo_sampling(inflated, 0.5, rate))
    assert mended.calibrated
    assert undo_sampling(inflated, 0.5, rate) == pytest.approx(p)


def test_over_confidence_shows_in_the_slope():
    y, p = truthful()
    odds = (p / (1 - p)) ** 2
    assert reliability(y, p).slope == pytest.approx(1, abs=0.1)
    assert reliability(y, odds / (1 + odds)).slope == pytest.approx(0.5, abs=0.05)


def test_equal_scores_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(1)
    p = rng.choice([0.1, 0.2, 0.6], 3000)
    y = (rng.random(3000) < p).astype(float)
    order = np.argsort(y)
    assert reliability(y[order], p[order]).error == pytest.approx(reliability(y, p).error)
    assert reliability(y[order], p[order]).calibrated


@pytest.mark.parametrize(
    ("y", "p"),
    [([0, 1], [0.2, 1.2]), ([0, 1], [-3, 3]), ([1, 2], [0.1, 0.2]), ([0, 1], [[0.5, 0.5]] * 2)],
)
def test_what_is_no_probability_raises(y, p):
    with pytest.raises(ValueError, match=r"p must lie|one probability"):
        reliability(y, p)


def test_separated_classes_give_a_finite_slope():
    assert np.isfinite(reliability([0, 0, 1, 1] * 10, [0, 0.1, 0.9, 1] * 10).slope)


def brute(y, p, missed, alarm):
    cuts = [np.inf, *np.unique(p)]
    return min(
        missed * ((p < c) & (y == 1)).sum() + alarm * ((p >= c) & (y == 0)).sum() for c in cuts
    )


@pytest.mark.parametrize("costs", [(1, 1), (50, 1), (1, 50)])
def test_the_cheapest_cut_is_the_cheapest_also_with_ties(costs):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        p = rng.integers(0, 8, 60) / 8
        y = (rng.random(60) < p).astype(int)
        cut, cost = cheapest_cut(y, p, *costs)
        paid = costs[0] * ((p < cut) & (y == 1)).sum() + costs[1] * ((p >= cut) & (y == 0)).sum()
        assert paid == cost * 60 == brute(y, p, *costs)


def test_kept_one_in_ten_and_costs_of_each_case():
    rng = np.random.default_rng(3)
    p = rng.integers(0, 20, 4000) / 20
    y = (rng.random(4000) < p / 4).astype(int)
    amount = rng.exponential(100, 4000)
    kept = (y == 1) | (np.arange(4000) % 10 == 0)
    times = np.where(y == 1, 1, 10)
    whole = cheapest_cut(y, p, amount, 20)
    repeated = np.repeat(np.flatnonzero(kept), times[kept])
    assert cheapest_cut(y[kept], p[kept], amount[kept], 20, times[kept]) == pytest.approx(
        cheapest_cut(y[repeated], p[repeated], amount[repeated], 20)
    )
    assert cheapest_cut(y[kept], p[kept], amount[kept], 20)[0] < whole[0], (
        "as they are: too many flagged"
    )


def test_nothing_worth_flagging():
    assert cheapest_cut([0, 0, 1], [0.9, 0.8, 0.1], 1, 10) == (np.inf, pytest.approx(1 / 3))


def test_with_true_probabilities_the_cut_is_the_ratio_of_costs():
    cut, _ = cheapest_cut(*truthful(200_000), missed=9, false_alarm=1)
    assert cut == pytest.approx(0.1, abs=0.02)
