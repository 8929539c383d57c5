"""The faults `entity_score` exists for, put in on purpose."""

from __future__ import annotations

import pytest
from entity_score import entities, entity_f1


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("O O", set()),
        ("B-A I-A O", {(0, 2, "A")}),
        ("B-A B-A", {(0, 1, "A"), (1, 2, "A")}),
        ("B-A I-B", {(0, 1, "A")}),
        ("I-A I-A", set()),
        ("B-A O I-A", {(0, 1, "A")}),
        ("O B-A-B I-A-B", {(1, 3, "A-B")}),
    ],
)
def test_spans(tags, found):
    assert entities(tags.split()) == found


def test_a_boundary_always_missed_scores_nothing_though_tokens_look_good():
    gold = [["O"] * 8 + ["B-PER", "I-PER"]] * 10
    late = [["O"] * 9 + ["B-PER"]] * 10
    same = sum(a == b for g, h in zip(gold, late, strict=True) for a, b in zip(g, h, strict=True))
    assert same / 100 == 0.8
    assert entity_f1(gold, late) == {"all": 0, "PER": 0}
    assert entity_f1(gold, gold) == {"all": 1, "PER": 1}


def test_a_missing_beginning_does_not_count():
    assert entity_f1([["B-PER", "I-PER"]], [["I-PER", "I-PER"]])["all"] == 0


def test_types_are_apart():
    gold, guess = [["B-PER", "B-LOC", "B-LOC"]], [["B-PER", "B-LOC", "B-ORG"]]
    assert entity_f1(gold, guess) == pytest.approx({"all": 2 / 3, "PER": 1, "LOC": 2 / 3, "ORG": 0})


def test_a_cut_text_raises():
    with pytest.raises(ValueError, match="was the text cut"):
        entity_f1([["O", "B-PER"]], [["O"]])
