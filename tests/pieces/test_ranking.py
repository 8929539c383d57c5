"""The faults `ranking` exists for, put in on purpose."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
from ranking import by_row, ranking  # noqa: E402


def test_worked_figures():
    seen = ranking({"q": {"a": 3, "b": 2, "c": 1}}, {"q": {"b": 1, "z": 1}}, k=2)
    assert seen.recall == pytest.approx([0.5])  # z never came back and still counts
    assert seen.ndcg == pytest.approx([(1 / np.log2(3)) / (1 + 1 / np.log2(3))])
    graded = ranking({"q": {"a": 3, "b": 2}}, {"q": {"a": 1, "b": 3}}, k=2)
    assert graded.ndcg == pytest.approx([(1 + 7 / np.log2(3)) / (7 + 1 / np.log2(3))])


def test_a_constant_score_earns_what_chance_earns():
    items = {f"i{n}": 1.0 for n in range(100)}
    seen = ranking({"u": items}, {"u": {"i0": 1}}, k=10)
    assert seen.recall == pytest.approx([0.1])
    assert seen.tied == 1
    sure = ranking({"u": items | {"i0": 2.0}}, {"u": {"i0": 1}}, k=10)
    assert (sure.recall[0], sure.ndcg[0]) == (1, 1)


def test_ties_agree_with_random_orders():
    rng = np.random.default_rng(0)
    scores = {f"i{n}": float(n // 4) for n in range(20)}
    relevant = {"i3": 1.0, "i13": 2.0, "i17": 1.0}
    exact = ranking({"q": scores}, {"q": relevant}, k=5)
    drawn = [
        ranking({"q": {i: s + 1e-6 * rng.random() for i, s in scores.items()}}, {"q": relevant}, 5)
        for _ in range(3000)
    ]
    assert exact.recall[0] == pytest.approx(np.mean([d.recall[0] for d in drawn]), abs=0.01)
    assert exact.ndcg[0] == pytest.approx(np.mean([d.ndcg[0] for d in drawn]), abs=0.01)


def test_silence_is_a_zero_and_nothing_to_find_is_left_out():
    seen = ranking({"a": {"x": 1}}, {"a": {"x": 1}, "b": {"y": 1}, "c": {"z": 0}}, k=3)
    assert seen.queries == ("a", "b")
    assert seen.recall.tolist() == [1, 0]
    assert seen.unanswered == 1
    with pytest.raises(ValueError, match="anything relevant"):
        ranking({}, {"c": {"z": 0}}, k=3)
    with pytest.raises(ValueError, match="not a number"):
        ranking({"a": {"x": float("nan")}}, {"a": {"x": 1}}, k=3)


def test_what_was_seen_is_not_recommended_and_unjudged_is_counted():
    found, relevant = {"u": {"old": 9, "new": 5, "other": 4}}, {"u": {"new": 1}}
    assert ranking(found, relevant, k=1).recall.tolist() == [0]
    seen = ranking(found, relevant, k=2, seen={"u": {"old"}})
    assert seen.recall.tolist() == [1]
    assert seen.unjudged == 0.5
    assert seen.coverage == 2


def test_popularity_wins_the_log_and_loses_with_weights():
    rng = np.random.default_rng(0)
    users, items = 400, 200
    taste = rng.random((users, items)) < 0.05
    shown = np.clip(0.9 / np.arange(1, items + 1) ** 1.3, 0.01, 0.9)  # the popular are shown
    clicked = taste & (rng.random((users, items)) < shown)
    popular = dict(zip(map(str, range(items)), shown.tolist(), strict=True))
    personal = taste * 0.5 + rng.random((users, items)) * 2.5
    relevant = {str(u): {str(i): 1.0 for i in np.flatnonzero(clicked[u])} for u in range(users)}
    truth = {str(u): {str(i): 1.0 for i in np.flatnonzero(taste[u])} for u in range(users)}
    by_taste = {str(u): dict(zip(popular, personal[u].tolist(), strict=True)) for u in range(users)}
    by_rank = {str(u): popular for u in range(users)}
    weight = {item: 1 / chance for item, chance in popular.items()}

    def recall(found, wanted, weight=None):
        return ranking(found, wanted, 10, weight).recall.mean()

    assert recall(by_rank, relevant) > 1.4 * recall(by_taste, relevant)
    assert recall(by_rank, truth) < 0.3 * recall(by_taste, truth)
    for found in (by_rank, by_taste):
        assert recall(found, relevant, weight) == pytest.approx(recall(found, truth), abs=0.03)


def test_lists_sets_and_matrices_say_the_same():
    lists = ranking({"u": ["a", "b", "c"]}, {"u": {"b", "z"}}, k=2)
    named = ranking({"u": {"a": 3.0, "b": 2.0, "c": 1.0}}, {"u": {"b": 1, "z": 1}}, k=2)
    assert (lists.recall, lists.ndcg) == (named.recall, named.ndcg)
    twice = ranking({"u": ["b", "a", "b"]}, {"u": {"b"}}, k=1)
    assert twice.recall.mean() == 1
    whole = ranking(by_row([[3, 2, 1, 0]]), by_row([[0, 1, 0, 1]]), k=2)
    assert (whole.recall, whole.ndcg) == (named.recall, named.ndcg)
