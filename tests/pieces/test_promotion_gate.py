"""The faults `promotion_gate` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")
import numpy as np
from promotion_gate import decide


def world(rows=6000, seed=0):
    """Errors of two models: the new one mends 6 % of rows and breaks 2 %."""
    rng = np.random.default_rng(seed)
    old = rng.random(rows) < 0.2
    new = np.where(old, rng.random(rows) > 0.3, rng.random(rows) < 0.025)
    place = rng.choice(["a", "b", "rare"], rows, p=[0.55, 0.4, 0.05])
    return rng, old * 1.0, new * 1.0, place


def test_a_real_gain_without_harm_is_promoted():
    _, old, new, place = world()
    decision = decide(old, new, {"place": place}, allow=0.02)
    assert decision.verdict == "promote", decision.why
    assert decision.changes[0].high < 0


def test_a_broken_slice_stops_a_better_average():
    rng, old, new, place = world()
    new = np.where((place == "rare") & (rng.random(6000) < 0.2), 1.0, new)
    assert new.mean() < old.mean() - 0.02
    decision = decide(old, new, {"place": place}, allow=0.02)
    assert decision.verdict == "keep"
    assert decision.why[0].startswith("place=rare: loses")
    assert (
        decide(old, new, {"place": place}, allow=0.02, excused=["place=rare"]).verdict == "promote"
    )


def test_a_slice_too_small_to_tell_is_unknown_even_without_a_flip():
    _, old, new, place = world()
    place = np.where(np.arange(6000) < 40, "tiny", place)
    new[:40] = old[:40]
    decision = decide(old, new, {"place": place}, allow=0.02)
    assert decision.verdict == "unknown"
    assert decision.why[0].startswith("place=tiny: 40 units cannot exclude")


def test_equal_models_are_kept_and_noise_rarely_promoted():
    rng, old, _, place = world()
    assert decide(old, old, {"place": place}, allow=0.02).verdict == "keep"
    assert decide(old, old, {"place": place}, allow=0.02, overall=0.01).verdict == "promote"
    assert decide(old, 1.0 - old, allow=np.inf, overall=0.01).verdict == "keep"
    promoted = 0
    for _ in range(150):
        losses = rng.exponential(size=(2, 500))
        promoted += decide(*losses, allow=np.inf).verdict == "promote"
    assert promoted / 150 <= 0.1


@pytest.mark.parametrize("base", [0.0, 0.03, 0.2])
@pytest.mark.parametrize("rows", [100, 1000])
def test_a_slice_that_loses_what_is_allowed_rarely_passes(rows, base):
    rng, passed = np.random.default_rng(1), 0
    for _ in range(150):
        draw = rng.random(rows)
        change = np.where(draw < base + 0.05, 1.0, np.where(draw < 2 * base + 0.05, -1.0, 0.0))
        rest = np.where(rng.random(2000) < 0.1, -1.0, 0.0)
        rest[0] = 1.0
        place = np.repeat(["slice", "rest"], [rows, 2000])
        decision = decide(np.zeros(rows + 2000), np.r_[change, rest], {"p": place}, allow=0.05)
        passed += decision.verdict == "promote"
    assert passed / 150 <= 0.1


def test_rows_of_one_customer_are_not_independent():
    rng, by_row, by_unit = np.random.default_rng(2), 0, 0
    customer = np.repeat(np.arange(60), 40)
    for _ in range(100):
        change = rng.normal(size=60)[customer]
        by_row += decide(0 * change, change, allow=np.inf).verdict == "promote"
        by_unit += decide(0 * change, change, unit=customer, allow=np.inf).verdict == "promote"
    assert by_row / 100 > 0.25
    assert by_unit / 100 <= 0.1


def test_nothing_and_not_a_number_do_not_pass():
    assert decide([], [], allow=1).verdict == "unknown"
    assert decide([1.0] * 20, [0.0] * 20, allow=1).verdict == "unknown"
    with pytest.raises(ValueError, match="not finite"):
        decide([1.0, 1.0], [0.5, np.nan], allow=1)
    with pytest.raises(ValueError, match="one entry per row"):
        decide([1.0, 1.0], [0.5], allow=1)


def test_of_many_equal_slices_none_is_called_harmed():
    rng, harmed = np.random.default_rng(5), 0
    place = np.repeat(np.arange(40), 100)
    for _ in range(60):
        change = np.where(rng.random(4000) < 0.1, rng.choice([-1.0, 1.0], 4000), 0.0)
        why = decide(np.zeros(4000), change, {"place": place}, allow=0.0, overall=np.inf).why
        harmed += any("loses" in reason for reason in why)
    assert harmed / 60 <= 0.1  # each at its own 5 %: nearly all of them
