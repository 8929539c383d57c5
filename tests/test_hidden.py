"""unseen: one pass finds what a pass for each class of characters finds."""

from __future__ import annotations

from itertools import pairwise
from unicodedata import category

from hypothesis import example, given
from hypothesis import strategies as st

from mlskill.hidden import unseen

CHARACTERS = "a é\t\n\x00\x1b\x7f\x85\u202e\u200f\u2066\u2069א\u200b\u200d\ufe0f\ufeff⚠👩\U000e0041"
TEXTS = st.text(st.one_of(st.sampled_from(CHARACTERS), st.characters()), max_size=30)


@given(TEXTS)
@example("\x1b\u202e\u200b\x1b")
@example("ascii\x7f")
def test_control_characters_are_all_of_their_category(text: str) -> None:
    found = {at for start, end in unseen(text).control for at in range(start, end)}
    assert found == {
        at for at, char in enumerate(text) if category(char) == "Cc" and char not in "\t\n"
    }


@given(TEXTS)
def test_runs_are_in_order_apart_and_of_one_class(text: str) -> None:
    classes = unseen(text)
    for runs in classes:
        assert all(start < end for start, end in runs)
        assert all(a[1] < b[0] for a, b in pairwise(runs))
    taken = [at for runs in classes for span in runs for at in range(*span)]
    assert len(taken) == len(set(taken))


@given(TEXTS, TEXTS)
def test_lines_do_not_change_each_other(first: str, second: str) -> None:
    one, two = unseen(f"{first}\n"), unseen(f"\n{second}")
    both = unseen(f"{first}\n\n{second}")
    shift = len(first) + 1
    for a, b, whole in zip(one, two, both, strict=True):
        assert (*a, *((start + shift, end + shift) for start, end in b)) == whole
