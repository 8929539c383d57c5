"""Frontmatter: what is recovered, what is reported, and where."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlskill.frontmatter import split
from mlskill.frontmatter.lenient import lenient
from mlskill.frontmatter.plain import plain
from mlskill.model import LIMITS, Fault, Frontmatter, Limits, Source


def source(text: str) -> Source:
    return Source("SKILL.md", text.encode("utf-8", "surrogatepass"), text)


def shown(text: str, fault: Fault) -> str:
    place = source(text).place(fault.start, fault.end)
    return f"{fault.rule} {place.line}:{place.column}-{place.end_line}:{place.end_column}"


CASES = {
    "plain": ("name: a\ndescription: b\n", {"name": "a", "description": "b"}, []),
    "dashes in a value": (
        "name: a\ndescription: b --- c\n",
        {"name": "a", "description": "b --- c"},
        [],
    ),
    "colon in a value": (
        "name: a\ndescription: do: this\n",
        {"name": "a", "description": "do: this"},
        ["frontmatter-colon 3:16-3:17"],
    ),
    "colon at a value's end, after letters that take two bytes": (
        "description: é ü: b\n",
        {"description": "é ü: b"},
        ["frontmatter-colon 2:17-2:18"],
    ),
    "only the broken value is taken as text": (
        "description: a: b\nmetadata:\n  version: '1'\n  list: [x, y]\n",
        {"description": "a: b", "metadata": {"version": "1", "list": ["x", "y"]}},
        ["frontmatter-colon 2:15-2:16"],
    ),
    "text behind a block scalar's mark": (
        "description: | Use when\nname: a\n",
        {"description": "Use when", "name": "a"},
        ["frontmatter-invalid 2:16-2:17"],
    ),
    "an open quote": (
        "name: 'a\ndescription: b\n",
        {"name": "'a", "description": "b"},
        ["frontmatter-invalid 2:8-2:9"],
    ),
    "folded": ("description: >-\n  a\n  b\n", {"description": "a b"}, []),
    "types as YAML has them": (
        "a: yes\nb: 007\nc: 1.5\nd: ~\ne: 2020-01-01\nf: .nan\n",
        {"a": True, "b": 7, "c": 1.5, "d": None, "e": "2020-01-01", "f": ".nan"},
        [],
    ),
    "equal keys": (
        "name: a\nname: b\n",
        {"name": "b"},
        ["frontmatter-duplicate-key 3:1-3:5"],
    ),
    "equal keys below another": (
        "metadata:\n  a: '1'\n  a: '2'\n",
        {"metadata": {"a": "2"}},
        ["frontmatter-duplicate-key 4:3-4:4"],
    ),
    "anchor, alias, tag, merge": (
        "a: &x 1\nb: *x\nc: !!python/name:os.system d\n<<: {e: f}\n",
        {"a": 1, "b": "*x", "c": "d", "<<": {"e": "f"}},
        [
            "frontmatter-alias 2:4-2:8",
            "frontmatter-alias 3:4-3:6",
            "frontmatter-alias 4:4-4:29",
            "frontmatter-alias 5:1-5:3",
        ],
    ),
    "no mapping": ("- a\n- b\n", {}, ["frontmatter-invalid 2:1-3:4"]),
    "empty": ("", {}, []),
    "a control character": ("name: \x07\n", {"name": "\x07"}, ["frontmatter-invalid 2:7-2:8"]),
    "a second document": (
        "a: b\n...\nc: d\n",
        {"a": "b", "c": "d"},
        ["frontmatter-invalid 4:1-4:2"],
    ),
    "a second document, announced": ("a: b\n--- c\n", {"a": "b"}, ["frontmatter-alias 3:1-3:4"]),
}


@pytest.mark.parametrize(("block", "data", "faults"), CASES.values(), ids=CASES)
def test_cases(block: str, data: object, faults: list[str]) -> None:
    text = f"---\n{block}---\nbody\n"
    found = split(source(text))
    assert dict(found.data) == data
    assert [shown(text, fault) for fault in found.faults] == faults
    assert text[found.end :] == "body\n"


@pytest.mark.parametrize(
    "text", ["", "# Title\n", "\n---\nname: a\n---\n", "----\nname: a\n", "text"]
)
def test_absent(text: str) -> None:
    assert not split(source(text)).present


@pytest.mark.parametrize(
    "text", ["---\nname: a\n---", "--- \nname: a\n---\t\n", "---\nname: a\n---\nx"]
)
def test_fences_are_lines_of_their_own(text: str) -> None:
    found = split(source(text))
    assert (dict(found.data), found.faults) == ({"name": "a"}, ())


def test_unclosed_keeps_the_keys_and_the_body() -> None:
    text = "---\nname: a\ndescription: b\n  c\n\n# Title\n"
    found = split(source(text))
    assert dict(found.data) == {"name": "a", "description": "b c"}
    assert text[found.end :] == "\n# Title\n"
    assert [shown(text, f) for f in found.faults] == ["frontmatter-unclosed 1:1-1:4"]


def test_a_rule_at_the_top_is_body() -> None:
    found = split(source("---\n\ntext\n"))
    assert not found.present
    assert [f.rule for f in found.faults] == ["frontmatter-unclosed"]


BOMB = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}' if i else 'x'] * 9)}]\n" for i in range(10))
ATTACKS = {
    "aliases": (BOMB, "frontmatter-alias"),
    "depth": ("a: " + "[" * 100_000, "limit-reached"),
    "depth of maps": ("a: " + "{a: " * 10_000, "limit-reached"),
    "nodes": ("a: [" + "1," * 50_000 + "]\n", "limit-reached"),
    "keys": ("".join(f"k{i}: 1\n" for i in range(20_000)), "limit-reached"),
    "size": ("a: " + "x" * 300_000 + "\n", "limit-reached"),
    "digits": ("a: " + "9" * 10_000 + "\n", None),
    "colons": ("a: " + "b: " * 50_000 + "\n", "frontmatter-colon"),
}


@pytest.mark.parametrize(("block", "rule"), ATTACKS.values(), ids=ATTACKS)
def test_attacks_end_soon_and_are_told(block: str, rule: str | None) -> None:
    faults = split(source(f"---\n{block}\n---\n")).faults
    assert (rule in {f.rule for f in faults}) if rule else not faults


def test_limits_can_be_set() -> None:
    found = split(source("---\na: [b, c]\n---\n"), limits=Limits(yaml_nodes=3))
    assert [f.message for f in found.faults] == ["more than 3 YAML nodes"]


LINES = st.text(st.sampled_from("ab:-#&*!|>'\"[]{}, \n\té\0\u2028"), max_size=80)


@given(LINES)
def test_any_text_is_read(block: str) -> None:
    text = f"---\n{block}\n---\nbody"
    found = split(source(text))
    for path, (start, end) in found.keys.items():
        assert 0 < start <= end <= found.end, path
    for fault in found.faults:
        assert 0 <= fault.start <= fault.end <= len(text)


TEXT = st.text(
    st.characters(
        exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp"), exclude_characters="\ufeff"
    )
)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True), TEXT, max_size=5))
def test_what_json_writes_is_read_back(data: dict[str, str]) -> None:
    block = "".join(
        f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in data.items()
    )
    found = split(source(f"---\n{block}---\n"))
    assert dict(found.data) == data
    for key in data:
        start, end = found.keys[(key,)]
        assert source(f"---\n{block}---\n").text[start:end] == key


def test_a_number_too_long_to_be_written_stays_text() -> None:
    value = ":".join(["59"] * 20_000)
    text = f"---\nname: a\ndescription: b\nmetadata:\n  n: {value}\n---\n"
    assert split(Source("SKILL.md", b"", text)).data["metadata"] == {"n": value}


def both(block: str) -> tuple[Frontmatter | None, Frontmatter]:
    """What `plain` makes of a block, and what the library does."""
    text = f"---\n{block}---\n"
    begin, stop, end = 4, len(text) - 4, len(text)
    return (
        plain(text, begin, stop, end, LIMITS),
        lenient(source(text), begin, stop, end, LIMITS),
    )


@pytest.mark.parametrize(
    "block",
    [
        "name: pdf-tools\ndescription: Reads PDF files, e.g. a:b or c#d. Use when [it] is {so}.\n",
        "description: \"Says: 'this' # and that\"\nlicense: 'MIT \"or\" so'\nempty: ''\n",
        "description: naïve \u2014 \u201cso\u201d\u2026\nuser-invocable: yes it is\n",
    ],
)
def test_most_frontmatter_is_plain(block: str) -> None:
    quick, read = both(block)
    assert quick == read


PARTS = st.sampled_from(
    [
        *("a", "b", "1", ":", ": ", "#", " #", "'", '"', "\\", "-", "---", "yes", "NULL"),
        *"[]{},&*!|>%@`?~<=. \t",
        *"\xa0\xad\x85\xe9\u2014\u2028\ufeff\x7f\x1b\U0001f600",
    ]
)
ENTRIES = st.tuples(
    st.sampled_from(["name: ", "on: ", "name:", "- ", "a b: ", ""]), st.lists(PARTS, max_size=6)
)


@given(st.lists(ENTRIES, min_size=1, max_size=3))
def test_what_is_plain_the_library_reads_alike(entries: list[tuple[str, list[str]]]) -> None:
    quick, read = both("".join(f"{key}{''.join(parts)}\n" for key, parts in entries))
    assert quick in (None, read)
