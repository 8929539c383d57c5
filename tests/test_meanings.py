"""What a text means and how it is spelt, as numbers that are the same however they are added."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlskill.searcher import meanings
from mlskill.searcher.meanings import SMALL, cosines, embed
from mlskill.searcher.runs import ALL, alike, count, runs

TEXTS = st.lists(st.text(max_size=60), max_size=8)


def signed(row: bytes) -> list[int]:
    return [*memoryview(row).cast("b")]


def plainly(one: bytes, other: bytes) -> float:
    return sum(a * b for a, b in zip(signed(one), signed(other), strict=True)) / 127**2


@given(TEXTS, TEXTS)
def test_nearness_is_the_product_of_two_rows(asked: list[str], told: list[str]) -> None:
    rows, many = embed(SMALL, asked), embed(SMALL, told)
    dots = meanings._dots([signed(row) for row in rows], b"".join(many), 128)
    found = [[dot / 127**2 for dot in of_one] for of_one in dots]
    assert found == [[plainly(row, other) for other in many] for row in rows]


def test_nearness_is_the_same_with_numpy_and_without() -> None:
    program = """
import sys
{load}
from mlskill.searcher.meanings import SMALL, cosines, embed
rows = embed(SMALL, ["why is it slow", "", "verlustig", "GPU idle"])
print(("numpy" in sys.modules), cosines(rows, b"".join(rows)))
"""
    pytest.importorskip("numpy")
    said = [
        subprocess.run(
            [sys.executable, "-c", program.format(load=load)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split(" ", 1)
        for load in ("", "import numpy")
    ]
    assert [loaded for loaded, _ in said] == ["False", "True"]
    assert said[0][1] == said[1][1]


@given(st.lists(st.sampled_from(["slow", "GPU", "训练", "it", "..."]), max_size=6))
def test_a_text_is_the_sum_of_its_words(words: list[str]) -> None:
    """Their order says nothing, and a row is one long or nothing."""
    row = embed(SMALL, [" ".join(words)])[0]
    assert row == embed(SMALL, [" ".join(reversed(words))])[0]
    length = math.sqrt(plainly(row, row))
    assert length == 0 or 0.9 < length < 1.1


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [
        ("the model is slow in production", "high latency when serving", "bake a cake"),
        ("loss becomes nan", "training diverges after a few steps", "deploy with a canary"),
        ("Das Modell ist zu langsam", "the model is too slow", "the oven is too hot"),
    ],
)
def test_what_means_the_same_is_nearer(one: str, near: str, far: str) -> None:
    (nearness,) = cosines(embed(SMALL, [one]), b"".join(embed(SMALL, [near, far])))
    assert nearness[0] > nearness[1] + 0.1


LINES = st.lists(st.tuples(st.integers(-1, 3), st.text("abc 的", max_size=20)), max_size=12)


@given(LINES, st.text("abc 的", max_size=30))
def test_runs_are_counted_by_owner(lines: list[tuple[int, str]], asked: str) -> None:
    counts = count(lines)
    for run in runs(asked):
        wanted = {owner for owner, text in lines if run in runs(text)}
        assert set(counts.get(run, {})) == wanted
    wanted = {run: counts[run] for run in (ALL, *runs(asked)) if run in counts}
    like = alike(wanted)
    assert all(map(math.isfinite, like.values()))
    assert sum(like.values()) == pytest.approx(0, abs=1e-6)


def test_a_question_is_most_like_the_lines_it_resembles() -> None:
    lines = [(0, "the loss is nan"), (0, "loss goes up"), (1, "it is slow"), (-1, "book a table")]
    counts = count(lines)
    asked = {run: counts[run] for run in (ALL, *runs("losses are nan")) if run in counts}
    like = alike(asked)
    assert max(like, key=lambda owner: like[owner]) == 0
    assert alike({}) == {}
