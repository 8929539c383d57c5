"""The faults `slices` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")
import numpy as np
from slices import group_gaps, weak_slices


def test_forty_innocent_slices_raise_no_alarm():
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(200):
        columns = {"a": rng.integers(0, 20, 2000), "b": rng.integers(0, 20, 2000)}
        alarms += bool(weak_slices(rng.random(2000) < 0.1, columns))
    assert alarms / 200 <= 0.09


def test_one_bad_slice_is_found_under_a_good_average():
    rng = np.random.default_rng(1)
    column = rng.choice(["web", "ios", "android", "kiosk"], 4000, p=[0.5, 0.3, 0.18, 0.02])
    wrong = rng.random(4000) < np.where(column == "kiosk", 0.35, 0.08)
    assert wrong.mean() < 0.1
    (weak,) = weak_slices(wrong, {"device": column})
    assert (weak.column, weak.value) == ("device", "kiosk")
    assert weak.loss > 3 * weak.rest


def test_missing_values_are_a_slice_and_squared_errors_a_loss():
    rng = np.random.default_rng(2)
    income = rng.choice([1.0, 2.0, np.nan], 3000)
    loss = rng.normal(1 + np.isnan(income), 1) ** 2
    (weak,) = weak_slices(loss, {"income": income})
    assert weak.value == "nan"


def test_a_missing_loss_raises():
    with pytest.raises(ValueError, match="missing"):
        weak_slices([0.0, np.nan], {"a": [1, 2]})


def test_random_groups_show_a_gap_and_it_is_called_chance():
    rng, alarms, gaps = np.random.default_rng(3), 0, []
    for seed in range(200):
        y = rng.random(300) < 0.3
        flagged = rng.random(300) < np.where(y, 0.7, 0.2)
        parity, hit, _ = group_gaps(y, flagged, rng.random(300) < 0.1, draws=200, seed=seed)
        gaps.append(hit.gap)
        alarms += hit.p_value < 0.05
    assert np.mean(gaps) > 0.1
    assert alarms / 200 <= 0.1
    assert parity.by_group.keys() == {"False", "True"}


def test_unequal_errors_behind_equal_selection_are_found():
    rng = np.random.default_rng(4)
    group = rng.choice(["a", "b"], 4000)
    y = rng.random(4000) < np.where(group == "a", 0.5, 0.2)
    rate = np.where(group == "a", np.where(y, 0.6, 0.1), np.where(y, 0.95, 0.2))
    parity, hit, alarm = group_gaps(y, rng.random(4000) < rate, group)
    assert parity.gap < 0.06
    assert (hit.p_value, alarm.p_value) < (0.01, 0.01)
    assert hit.gap > 0.3 > hit.by_chance


def test_a_group_without_positives_raises():
    with pytest.raises(ValueError, match="true positive rate: no rows in"):
        group_gaps([1, 1, 0, 0], [1, 0, 1, 0], ["a", "a", "b", "b"])
