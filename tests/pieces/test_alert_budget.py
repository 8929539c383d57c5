"""The faults `alert_budget` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")
import numpy as np
from alert_budget import missed, within_budget


def world(seed=0, days=60, rows=1000, rate=0.01, skill=2.0):
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows)
    bad = rng.random(days * rows) < rate
    return bad * skill + rng.normal(size=len(bad)), bad, day


def test_random_scores_find_the_base_rate():
    score, bad, day = world(skill=0)
    seen = within_budget(score, bad, day, 50, today=100, late=0)
    assert seen.low < seen.base_rate < seen.high
    assert seen.base_rate == pytest.approx(0.01, rel=0.1)


def test_labels_on_their_way_are_not_called_clean():
    score, bad, day = world()
    known = bad & (day < 30)  # the newest half has no labels yet
    right = within_budget(score, known, day, 10, today=59, late=30)
    naive = within_budget(score, known, day, 10, today=59, late=0)
    assert (right.days, right.waiting) == (30, 30)
    assert right.precision > 1.8 * naive.precision
    with pytest.raises(ValueError, match="on their way"):
        within_budget(score, bad, day, 10, today=0, late=1)


def test_one_noisy_entity_takes_one_place():
    score, bad, day = world(days=20)
    entity = np.arange(len(bad))
    loud = np.arange(len(bad)) % 1000 < 30
    entity[loud], score[loud], bad[loud] = -1, 9.0, True
    seen = within_budget(score, bad, day, 10, today=100, late=0, entity=entity)
    assert seen.precision < 0.75  # counted by row it would be 1.0: thirty alerts for one card


def test_ties_do_not_profit_from_the_order_of_rows():
    rates = []
    for seed in range(60):
        _, bad, day = world(seed, rate=0.05)
        order = np.lexsort((~bad, day))  # the bad ones first, as an export may have them
        flat = np.ones(len(bad))
        seen = within_budget(flat, bad[order], day[order], 20, late=0, seed=seed)
        rates.append(seen.precision)
    assert np.mean(rates) == pytest.approx(0.05, abs=0.004)


def test_the_interval_covers():
    truth = np.mean([within_budget(*world(s), 10, late=0).precision for s in range(40)])
    seen = [within_budget(*world(s + 100), 10, late=0) for s in range(60)]
    assert sum(one.low < truth < one.high for one in seen) >= 53


def test_a_score_that_is_missing_raises():
    with pytest.raises(ValueError, match="not a number"):
        within_budget([np.nan], [1], [0], 1, late=0)


def test_recall_needs_an_audit():
    # 1,000 bad among 100,000; 400 of them alerted, 600 among 95,000 without an alert
    rng, inside = np.random.default_rng(0), 0
    for _ in range(300):
        hits = rng.hypergeometric(600, 95_000 - 600, 4000)
        seen = missed(400, 4000, hits, 95_000)
        inside += seen.low <= 0.4 <= seen.high
    assert inside / 300 >= 0.92
    assert missed(400, 4000, 0, 95_000).low < 0.9  # none found in the audit does not mean none
    with pytest.raises(ValueError, match="recall is not known"):
        missed(400, 0, 0, 95_000)


def test_today_is_the_last_day_unless_said():
    score, bad, day = world(days=20)
    named = np.arange(len(bad))
    said = within_budget(score, bad, day, 10, late=5, today=19, entity=named)
    assert within_budget(score, bad, day, 10, late=5) == said
    assert said.waiting == 5
    with pytest.raises(ValueError, match="no day"):
        within_budget([], [], [], 10, late=5)
