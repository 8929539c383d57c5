"""The faults `ab_test` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")
import numpy as np
from ab_test import Arm, any_time, by_user, compare, sample_ratio, users_per_arm
from scipy import stats


def sessions(rng, users, lift=0.0):
    """Clicks and sessions of users who differ in how often they come and how much they click."""
    size = 1 + rng.poisson(rng.gamma(1.0, 5.0, users))
    rate = np.clip(rng.beta(2, 5, users) + lift, 0, 1)
    return rng.binomial(size, rate).astype(float), size.astype(float)


def pooled_p(a, b):
    """The z-test that treats every session as independent: the fault."""
    (ya, na), (yb, nb) = ((x.sum(), n.sum()) for x, n in (a, b))
    rate = (ya + yb) / (na + nb)
    z = (yb / nb - ya / na) / np.sqrt(rate * (1 - rate) * (1 / na + 1 / nb))
    return 2 * stats.norm.sf(abs(z))


def test_sessions_as_units_cry_wolf_and_users_do_not():
    rng, by_session, by_user_ = np.random.default_rng(0), 0, 0
    for _ in range(600):
        a, b = sessions(rng, 500), sessions(rng, 500)
        by_session += pooled_p(a, b) < 0.05
        by_user_ += compare(Arm(*a), Arm(*b)).p_value < 0.05
    assert by_session / 600 > 0.15
    assert 0.03 <= by_user_ / 600 <= 0.07


def test_intervals_cover_a_true_lift():
    rng, inside = np.random.default_rng(1), 0
    truth = np.clip(np.random.default_rng(9).beta(2, 5, 400_000) + 0.05, 0, 1).mean() - 2 / 7
    for _ in range(400):
        effect = compare(Arm(*sessions(rng, 400)), Arm(*sessions(rng, 400, 0.05)))
        inside += effect.low < truth < effect.high
    assert 0.92 <= inside / 400 <= 0.98


def test_cuped_narrows_without_bias():
    rng, raw, cut = np.random.default_rng(2), [], []
    one = np.ones(1000)
    for _ in range(300):
        past = rng.normal(size=(2, 1000))
        now = past + rng.normal(size=(2, 1000))
        now[1] += 0.1
        raw.append(compare(Arm(now[0], one), Arm(now[1], one)).difference)
        cut.append(compare(Arm(now[0], one, past[0]), Arm(now[1], one, past[1])))
    differences = np.array([e.difference for e in cut])
    assert abs(differences.mean() - 0.1) < 0.01
    assert differences.std() / np.std(raw) == pytest.approx(0.5**0.5, abs=0.06)
    assert cut[0].variance_removed == pytest.approx(0.5, abs=0.07)
    assert np.mean([e.error for e in cut]) == pytest.approx(differences.std(), rel=0.1)


def test_peeking_is_safe_only_with_the_sequential_test():
    rng, fixed, safe = np.random.default_rng(3), 0, 0
    for _ in range(400):
        a, b = rng.normal(size=(2, 4000))
        looks = [
            compare(Arm(a[:n], np.ones(n)), Arm(b[:n], np.ones(n))) for n in range(200, 4001, 200)
        ]
        fixed += any(e.p_value < 0.05 for e in looks)
        safe += any(any_time(e, 0.1)[2] < 0.05 for e in looks)
    assert fixed / 400 > 0.18
    assert safe / 400 <= 0.05


def test_sequential_interval_and_p_value_agree():
    rng = np.random.default_rng(4)
    for shift in (0.0, 0.1, 0.2, 0.4):
        effect = compare(*(Arm(rng.normal(m, 1, 500), np.ones(500)) for m in (0, shift)))
        low, high, p = any_time(effect, 0.2)
        assert (low > 0 or high < 0) == (p < 0.05)


def test_planned_size_reaches_its_power():
    n = users_per_arm(sd=1.0, effect=0.2)
    assert n == 393
    rng, found = np.random.default_rng(5), 0
    for _ in range(500):
        a, b = rng.normal(size=n), rng.normal(0.2, 1, n)
        found += compare(Arm(a, np.ones(n)), Arm(b, np.ones(n))).p_value < 0.05
    assert 0.75 <= found / 500 <= 0.85


@pytest.mark.parametrize(
    ("counts", "planned", "broken"),
    [
        ([100_000, 100_400], None, False),
        ([100_000, 101_500], None, True),
        ([90_100, 9_900], [9, 1], False),
        ([90_100, 9_200], [9, 1], True),
    ],
)
def test_sample_ratio(counts, planned, broken):
    assert (sample_ratio(counts, planned) < 0.001) == broken


def test_users_without_events_count():
    arms = by_user(["u3", "u1", "u2"], ["B", "A", "A"], ["u1", "u1", "u3"], [1, 2, 5])
    assert arms["A"].total.tolist() == [3, 0]
    assert arms["A"].total.sum() / arms["A"].size.sum() == 1.5
    assert arms["B"].total.tolist() == [5]


def test_before_follows_its_user():
    arms = by_user([9, 4, 7], ["A", "B", "A"], [7], [1.0], before=[90, 40, 70])
    assert arms["A"].before.tolist() == [70, 90]
    assert arms["A"].total.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("log", "events", "message"),
    [
        ((["u", "u"], ["A", "B"]), (["u"], [1]), "1 users in two arms"),
        ((["u", "u"], ["A", "A"]), (["u"], [1]), "1 repeated rows"),
        ((["u", "v"], ["A", "B"]), (["x"], [1]), "1 events"),
        ((["u", "v"], ["A", "B"]), (["a"], [1]), "1 events"),
    ],
)
def test_broken_logs_raise(log, events, message):
    with pytest.raises(ValueError, match=message):
        by_user(*log, *events)


def test_guardrail_needs_evidence_not_absence_of_it():
    rng = np.random.default_rng(6)
    small, large = (
        compare(*(Arm(rng.normal(size=n), np.ones(n)) for _ in "ab")) for n in (50, 20_000)
    )
    assert small.p_value > 0.05
    assert not small.not_worse_than(0.05)
    assert large.not_worse_than(0.05)


def test_plain_arrays_are_arms():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=500), rng.normal(0.2, 1, 400)
    assert compare(a, b) == compare(Arm(a, np.ones(500)), Arm(b, np.ones(400)))
