"""The faults `ripe_labels` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")
import numpy as np
from ripe_labels import observed_over_expected


def world(days=120, rows=100, lift=1.0, seed=0):
    """Chargebacks: 10 % in truth, most of them known after weeks only; bad days are bad at once."""
    rng = np.random.default_rng(seed)
    made = np.repeat(np.arange(days), rows)
    p = np.clip(rng.beta(2, 18, len(made)), 0, 1)
    truth = rng.random(len(made)) < np.clip(lift * p * rng.gamma(20, 1 / 20, days)[made], 0, 1)
    known = made + rng.exponential(15, len(made))
    seen = np.where(truth & (known <= days), 1.0, np.nan)
    return p, seen, made, truth


def test_unripe_labels_look_like_a_better_world_and_are_left_out():
    p, seen, made, _ = world()
    naive = np.nansum(seen[made >= 90]) / p[made >= 90].sum()
    assert naive < 0.7
    ratio = observed_over_expected(p, seen, made, 120, 60, made, unknown=0)
    assert ratio.low < 1 < ratio.high
    assert (ratio.units, ratio.unripe) == (61, 5900)


def test_early_labels_of_unripe_rows_look_like_a_worse_world():
    p, seen, made, _ = world()
    have = ~np.isnan(seen) | (np.random.default_rng(1).random(len(made)) < 0.3)  # some "no" at once
    naive = np.nansum(seen[have]) / p[have].sum()
    assert naive > 1.3


def test_alarms_are_rare_while_nothing_changes_and_sure_when_it_does():
    def share(lift):
        cried = 0
        for seed in range(200):
            p, _, made, truth = world(days=28, lift=lift, seed=seed)
            cried += observed_over_expected(p, truth, made, 28, 0, made).under()
        return cried / 200

    assert share(1.0) <= 0.02
    assert share(1.5) >= 0.9


def test_the_interval_covers_as_it_says():
    covered = 0
    for seed in range(300):
        p, _, made, truth = world(days=30, seed=seed)
        ratio = observed_over_expected(p, truth, made, 30, 0, made)
        covered += ratio.low <= 1 <= ratio.high
    assert 0.85 <= covered / 300 <= 0.95


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": [1, np.nan, 0]}, "1 of 3 ripe labels are missing"),
        ({"predicted": [0.1, np.nan, 0.2]}, "not a probability"),
        ({"predicted": [0.1, 1.2, 0.2]}, "not a probability"),
        ({"unit": [1, 1, 1]}, "1 units"),
        ({"made": [9, 9, 9]}, "0 units"),
        ({"predicted": [0, 0, 0]}, "0 positives expected"),
        ({"unit": [1, 2]}, "one entry per row"),
    ],
)
def test_what_cannot_be_judged_raises(change, message):
    rows = {
        "predicted": [0.1, 0.1, 0.2],
        "outcome": [1, 0, 0],
        "made": [1, 2, 3],
        "unit": [1, 2, 3],
    }
    with pytest.raises(ValueError, match=message):
        observed_over_expected(**(rows | change), now=10, wait=5)


def test_days_are_the_unit_unless_said():
    rng = np.random.default_rng(0)
    made, p = np.repeat(np.arange(20), 50), rng.beta(2, 8, 1000)
    truth = (rng.random(1000) < p).astype(float)
    said = observed_over_expected(p, truth, made, 30, 5, unit=made)
    assert observed_over_expected(p, truth, made, 30, 5) == said
    assert said.units == 20
