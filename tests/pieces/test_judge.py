"""The faults `judge` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")
import numpy as np
from judge import corrected, prefer


def verdicts(rng, rows, good=0.6, kind=0.5, strict=0.05):
    """People's verdicts, and those of a judge that lets `kind` of the bad answers pass."""
    human = rng.random(rows) < good
    judge = np.where(human, rng.random(rows) > strict, rng.random(rows) < kind)
    return judge.astype(float), human.astype(float)


def few(human, number):
    """People looked at the first `number` answers only."""
    return np.where(np.arange(len(human)) < number, human, np.nan)


def test_a_lenient_judge_is_corrected():
    judge, human = verdicts(np.random.default_rng(0), 2150)
    seen = corrected(judge, few(human, 150))
    assert seen.raw > 0.74
    assert seen.lenient > 0.1
    assert seen.low < 0.6 < seen.high
    assert seen.agreement > 0.4


def test_the_interval_covers_and_is_narrower_than_people_alone():
    rng, inside, reach, alone = np.random.default_rng(1), 0, [], []
    for _ in range(500):
        judge, human = verdicts(rng, 1100, kind=0.2)
        seen = corrected(judge, few(human, 100))
        inside += seen.low < 0.6 < seen.high
        reach.append(seen.high - seen.low)
        alone.append(4 * human[:100].std(ddof=1) / 10)
    assert 0.92 <= inside / 500 <= 0.985
    assert np.mean(reach) < 0.8 * np.mean(alone)


def test_a_judge_that_loves_long_answers_does_not_decide():
    rng = np.random.default_rng(2)
    human_gain = rng.choice([-1.0, 0, 1], 1200, p=[0.3, 0.5, 0.2])  # the new one is worse
    judged_gain = np.where(rng.random(1200) < 0.35, 1.0, human_gain)
    seen = corrected(judged_gain, few(human_gain, 200))
    assert seen.raw > 0.2
    assert seen.high < 0.05


def test_a_judge_that_knows_nothing_is_not_believed():
    rng = np.random.default_rng(3)
    human = (rng.random(1000) < 0.4).astype(float)
    seen = corrected(np.ones(1000), few(human, 100))
    assert seen.value == pytest.approx(human[:100].mean())
    assert seen.agreement == 0


def test_too_few_people_raise():
    with pytest.raises(ValueError, match="30"):
        corrected([1] * 110, [1] * 10 + [np.nan] * 100)
    with pytest.raises(ValueError, match="of people"):
        corrected([1] * 110, [1] * 50)


def test_position_bias_becomes_ties():
    def first_wins(question, shown_first, shown_second):
        return True

    seen = prefer(first_wins, ["q"] * 10, ["good"] * 10, ["bad"] * 10)
    assert (seen.first, seen.second, seen.undecided, seen.first_place) == (0, 0, 10, 1.0)

    def fair(question, shown_first, shown_second):
        return len(shown_first) > len(shown_second)

    assert prefer(fair, ["q"] * 3, ["good"] * 3, ["bad"] * 3).first == 3
    assert prefer(fair, ["q"] * 3, ["bad"] * 3, ["good"] * 3).second == 3
