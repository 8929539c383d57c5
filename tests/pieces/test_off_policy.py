"""The faults `off_policy` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")
import numpy as np
from off_policy import policy_value


def log(rng, rows=20_000, skill=0.9):
    """A log of a policy that mostly shows each user what that user likes; 30 % like item 1."""
    likes = (rng.random(rows) < 0.3).astype(int)
    shown = np.where(rng.random(rows) < skill, likes, 1 - likes)
    logged = np.where(shown == likes, skill, 1 - skill)
    reward = (rng.random(rows) < np.where(shown == likes, 0.2, 0.05)).astype(float)
    return reward, logged, shown


TRUTH = 0.3 * 0.2 + 0.7 * 0.05  # item 1 to everybody


def test_the_mean_where_both_agree_flatters_and_weights_do_not():
    reward, logged, shown = log(np.random.default_rng(0))
    assert reward[shown == 1].mean() > 1.5 * TRUTH
    value = policy_value(reward, logged, shown == 1)
    assert value.usable
    assert value.low < TRUTH < value.high


def test_the_interval_covers():
    rng, inside = np.random.default_rng(1), 0
    for _ in range(300):
        reward, logged, shown = log(rng, 5000)
        value = policy_value(reward, logged, shown == 1)
        inside += value.low < TRUTH < value.high
    assert 0.91 <= inside / 300 <= 0.98


def test_a_log_that_never_explores_is_not_usable():
    rng = np.random.default_rng(2)
    reward, _, shown = log(rng, skill=0.5)
    wrong = policy_value(reward, np.full(len(shown), 0.9), shown == 1)  # claimed, not true
    assert not wrong.usable
    reward, logged, shown = log(rng, rows=2000, skill=0.99)
    assert policy_value(reward, logged, shown == 1).effective_rows < 500


def test_a_cap_bounds_the_weight_of_one_row():
    reward, logged, shown = log(np.random.default_rng(3), skill=0.99)
    free, capped = (policy_value(reward, logged, shown == 1, cap) for cap in (np.inf, 10))
    assert capped.effective_rows > 2 * free.effective_rows
    assert capped.high - capped.low < free.high - free.low


@pytest.mark.parametrize(
    ("logged", "candidate", "message"),
    [([0.0], [1], "propensities"), ([1.2], [1], "propensities"), ([0.5], [0], "never")],
)
def test_impossible_logs_raise(logged, candidate, message):
    with pytest.raises(ValueError, match=message):
        policy_value([1], logged, candidate)
