"""keeps: what it passes, pydantic passes; so that nothing is lost by not asking."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlskill.schema import Frontmatter, mistakes
from mlskill.specification import FIELDS, keeps

NAME, DESCRIPTION = "pdf-tools", "Reads PDF files."
TEXTS = st.one_of(
    st.sampled_from(["", " ", "a", "a-b", "a--b", "a\n", "A", "é", "\ud800", "\x1f", "\xa0"]),
    st.sampled_from([64, 65, 500, 501, 1024, 1025]).map("a".__mul__),
    st.text(max_size=5),
)
VALUES = st.one_of(
    TEXTS, st.none(), st.booleans(), st.integers(), st.dictionaries(TEXTS, TEXTS, max_size=2)
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "version"]), VALUES))
@example({"name": NAME, "description": " " * 9 + "a" * 1024})
@example({"name": "a\n", "description": DESCRIPTION})
@example({"name": NAME, "description": "\x1c"})
@example({"name": NAME, "description": "a", "metadata": {"\ud800": "a"}})
def test_what_it_passes_has_no_mistakes(data: dict[str, Any]) -> None:
    for whole in (data, {"name": NAME, "description": DESCRIPTION} | data):
        assert not (keeps(whole) and [*mistakes(whole)])


@pytest.mark.parametrize(
    "data",
    [
        {"name": "a" * 64, "description": "é" * 1024},
        {"name": NAME, "description": " a ", "metadata": {}, "license": "", "allowed-tools": ""},
        {"name": NAME, "description": "a", "metadata": {"a": "b"}, "compatibility": "a" * 500},
    ],
)
def test_it_passes_what_is_common(data: dict[str, Any]) -> None:
    assert keeps(data)


def test_the_model_has_the_fields_of_the_specification() -> None:
    fields = Frontmatter.model_fields.items()
    assert tuple(field.alias or name for name, field in fields) == FIELDS
