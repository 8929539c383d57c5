"""Grade an answer by running it: ``python specialized_ml_applications.py ID answer.py``.

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


def horizon(answer: ModuleType) -> None:
    rng, errors = np.random.default_rng(0), []
    hours = np.arange(24 * 120)
    wave = 10 * np.sin(hours * 2 * np.pi / 24)
    noise, level = np.zeros(len(hours)), np.zeros(len(hours))
    for hour in hours[1:]:
        noise[hour] = 0.6 * noise[hour - 1] + rng.normal(0, 3)
        level[hour] = 0.995 * level[hour - 1] + rng.normal(0, 0.4)
    y = 100 + wave + level + noise
    for day in range(90, 119):
        known, truth = y[: 24 * day].copy(), y[24 * day : 24 * day + 24]
        given = np.asarray(answer.forecast(known, 24), float)
        assert given.shape == (24,)
        errors.append([np.abs(f - truth).mean() for f in (given, known[-24:], known[-1])])
    mine, yesterday, last = np.mean(errors, axis=0)
    assert mine < 0.95 * min(yesterday, last), f"{mine:.2f}; {yesterday:.2f} by yesterday"


def stock(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    for mean, filled, missed, left in [(10, 10, 4, 1), (10, 11, 9, 1), (20, 21, 3, 1)]:
        sales = np.minimum(rng.poisson(mean, 1500), filled)
        given = answer.order(sales, np.full(1500, filled), missed, left)
        want = rng.poisson(mean, 50_000)

        def cost(level: int, want: np.ndarray = want, a: int = missed, b: int = left) -> float:
            return float((a * np.maximum(want - level, 0) + b * np.maximum(level - want, 0)).mean())

        best = min(cost(level) for level in range(60))
        assert cost(given) <= 1.08 * best, f"order {given}: cost {cost(given):.2f}, best {best:.2f}"


def add_up(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    for total_error, errors in [(4.0, [8.0, 6.0, 4.0]), (30.0, [2.0, 5.0, 2.0])]:
        truth = rng.normal(50, 9, (3000, 3))
        parts = truth + rng.normal(0, errors, truth.shape)
        total = truth.sum(axis=1) + rng.normal(0, total_error, 3000)
        new_total, new_parts = answer.reconcile(total, parts, total_error, np.array(errors))
        assert np.allclose(new_total, np.sum(new_parts, axis=1)), "does not add up"

        def off(guess: np.ndarray, right: np.ndarray) -> np.ndarray:
            return np.sqrt(((guess - right) ** 2).mean(axis=0))

        assert off(new_total, truth.sum(axis=1)) <= 1.02 * min(total_error, np.hypot.reduce(errors))
        assert (off(np.asarray(new_parts), truth) <= 1.02 * np.array(errors)).all(), "a part lost"


def ties(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    relevant = np.zeros((300, 100), int)
    relevant[:, :5] = rng.random((300, 5)) < 0.5  # the positives come first in the table
    relevant[:, 95:] = rng.random((300, 5)) < 0.02
    relevant[:3] = 0
    for scores, right in [(np.zeros((300, 100)), 0.1), (relevant + 0.0, 1.0), (-relevant + 0.0, 0)]:
        given = answer.recall(scores, relevant, 10)
        assert abs(given - right) < 0.02, f"{given:.2f}, right is {right}"


def popularity(answer: ModuleType) -> None:
    for seed, skill, right in [(0, 0.5, "personal"), (1, 0.5, "personal"), (2, 0.0, "popular")]:
        rng = np.random.default_rng(seed)
        liked = np.clip(0.3 / np.arange(1, 201) ** 0.4, 0.05, 1) if skill == 0 else 0.05
        taste = rng.random((400, 200)) < liked
        shown = np.clip(0.9 / np.arange(1, 201) ** 1.3, 0.01, 0.9)
        clicks = (taste & (rng.random(taste.shape) < shown)).astype(int)
        popular = np.tile(shown, (400, 1))
        personal = taste * skill + rng.random(taste.shape) * 2.5
        given = answer.better(popular, personal, clicks, shown, 10)
        assert given == right, f"{given}, right is {right}"


def judge(answer: ModuleType) -> None:
    rng, inside, widths = np.random.default_rng(0), 0, []
    for _ in range(200):
        people = (rng.random(3000) < 0.65).astype(float)
        says = np.where(people == 1, rng.random(3000) > 0.02, rng.random(3000) < 0.3).astype(float)
        human = np.where(np.arange(3000) < 200, people, np.nan)
        low, high = answer.rate(says, human)
        inside += low < 0.65 < high
        widths.append(high - low)
    assert inside / 200 >= 0.9, f"the truth is inside in {inside / 200:.0%}"
    assert np.mean(widths) < 0.115, f"{np.mean(widths):.3f} wide: the judge is not used"


def entities(answer: ModuleType) -> None:
    gold = [["O", "B-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "O", "O", "B-PER", "B-PER"]]
    for guess, right in [
        (gold, 1.0),
        ([["O", "O", "B-PER", "O", "B-LOC"], ["B-ORG", "O", "O", "B-PER", "I-PER"]], 4 / 9),
        ([["O", "I-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "O", "O", "B-PER", "B-PER"]], 8 / 9),
        ([["O", "B-PER", "I-LOC", "O", "I-LOC"], ["B-LOC", "I-LOC", "O", "B-PER", "B-PER"]], 4 / 9),
        ([["O"] * 5] * 2, 0.0),
    ]:
        given = answer.f1(gold, guess)
        assert abs(given - right) < 1e-6, f"{given:.3f}, right is {right:.3f}"


def copies(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    base = rng.random((150, 8, 8)) + 2
    burst = np.repeat(np.arange(150), rng.integers(1, 7, 150))
    order = rng.permutation(len(burst))
    burst = burst[order]
    pictures = base[burst] + 0.02 * rng.normal(size=(len(burst), 8, 8))
    test = np.asarray(answer.split(pictures), bool)
    assert 0.1 <= test.mean() <= 0.4, f"{test.mean():.0%} for the test"
    both = set(burst[test].tolist()) & set(burst[~test].tolist())
    assert not both, f"{len(both)} bursts on both sides"


def alerts(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"day": np.repeat(np.arange(60), 800)})
    frame["card"] = rng.integers(0, 40_000, len(frame))
    frame["fraud"] = (rng.random(len(frame)) < 0.02).astype(int)
    frame["score"] = frame["fraud"] * 1.5 + rng.normal(size=len(frame))
    loud = frame["day"].map(lambda day: 100_000 + day)
    frame.loc[frame.index % 800 < 15, ["fraud", "score"]] = [1, 9.0]
    frame["card"] = frame["card"].where(frame.index % 800 >= 15, loud)  # one card, fifteen rows
    hits = []
    for day in range(40):
        best = frame[frame["day"] == day].groupby("card").agg({"score": "max", "fraud": "max"})
        hits.append(best.nlargest(20, "score")["fraud"].mean())
    today = frame.copy()
    today.loc[today["day"] >= 40, "fraud"] = 0  # not known yet
    given = answer.precision(today.sample(frac=1, random_state=0), 59, 20)
    assert abs(given - np.mean(hits)) < 0.02, f"{given:.2f}, right is {np.mean(hits):.2f}"


def audit(answer: ModuleType) -> None:
    rng, given = np.random.default_rng(0), []
    for _ in range(30):
        fraud = rng.random(100_000) < 0.01
        alerted = rng.random(100_000) < np.where(fraud, 0.5, 0.02)
        checked = alerted | (rng.random(100_000) < 0.02)
        given.append(answer.recall(alerted.astype(int), checked.astype(int), (fraud & checked) * 1))
    assert abs(np.mean(given) - 0.5) < 0.08, f"{np.mean(given):.2f}, right is 0.50"


CHECKS = {
    "horizon": horizon,
    "stock": stock,
    "add-up": add_up,
    "ties": ties,
    "popularity": popularity,
    "judge": judge,
    "entities": entities,
    "copies": copies,
    "alerts": alerts,
    "audit": audit,
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
