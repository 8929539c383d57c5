"""Anchors: GitHub's, as its own tests and pages have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlskill.anchors import Anchors, slug

SLUGS = {
    "Hello World": "hello-world",
    "a   b": "a---b",
    "two\nlines": "twolines",
    "C++ & C#": "c--c",
    "a - b": "a---b",
    "snake_case": "snake_case",
    "Привет Мир": "привет-мир",
    "日本語 の見出し": "日本語-の見出し",
    "🧠 Knowledge Modules (Fractal Skills)": "-knowledge-modules-fractal-skills",
    "1. First": "1-first",
    "p99 / p50": "p99--p50",
    "«quoted» – dash": "quoted--dash",
    "I ♥ unicode": "i--unicode",
    "é vs é": "é-vs-é",
    "½ done": "-done",
}


@pytest.mark.parametrize(("title", "expected"), SLUGS.items())
def test_slug(title: str, expected: str) -> None:
    assert slug(title) == expected


@given(st.lists(st.text("aA-1 _#")))
def test_anchors_are_unique(titles: list[str]) -> None:
    anchors = Anchors()
    found = [anchors.add(title) for title in titles]
    assert len(set(found)) == len(found)
