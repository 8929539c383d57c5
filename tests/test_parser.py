"""Parser: everything in a document at its exact place, and nothing that makes it slow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlskill.model import Document, Limits, Source
from mlskill.parser import parse


def document(text: str, **limits: int) -> Document:
    return parse(Source("a.md", text.encode("utf-8", "replace"), text), limits=Limits(**limits))


LINKS = {
    "inline": ("see [b](b.md) now", "inline b.md 1:5-1:14"),
    "target in angles": ("[b](<b c.md>)", "inline b c.md 1:1-1:14"),
    "title": ('[b](b.md "t](x")', "inline b.md 1:1-1:17"),
    "brackets in the text": ("[a `]` [b]](c.md)", "inline c.md 1:1-1:18"),
    "in a quote in a list": ("- > text\n  > [b](b.md)", "inline b.md 2:5-2:14"),
    "over two lines": ("x [b\nc](b.md) y", "inline b.md 1:3-2:9"),
    "setext heading": ("[b](b.md)\n===", "inline b.md 1:1-1:10"),
    "closed heading": ("## [b](b.md) ##", "inline b.md 1:4-1:13"),
    "table": ("| a | b |\n|---|---|\n| b.md | [b](b.md) |", "inline b.md 3:10-3:19"),
    "table with a pipe": ("|a|b|\n|-|-|\n|`x\\|y`|[b](b.md)|", "inline b.md 3:9-3:18"),
    "table in a quote": ("> a | b\n> -|-\n> [b](b.md) | c", "inline b.md 3:3-3:12"),
    "equal cells": (
        "|a|b|\n|-|-|\n|[b](b.md)|[b](b.md)|",
        "inline b.md 3:2-3:11\ninline b.md 3:12-3:21",
    ),
    "reference": (
        "[b][r] and [R]\n\n[r]: b.md",
        "reference b.md 1:1-1:7\nreference b.md 1:12-1:15",
    ),
    "image": ("![b](b.png)", "inline! b.png 1:1-1:12"),
    "image in a link": ("[![i](i.png)](b.md)", "inline b.md 1:1-1:20\ninline! i.png 1:2-1:13"),
    "link in an image's text": (
        "![a [b](b.md)](i.png)",
        "inline! i.png 1:1-1:22\ninline b.md 1:5-1:14",
    ),
    "autolink": ("<https://a.b/c>", "autolink https://a.b/c 1:1-1:16"),
    "html": ('a <a href="b.md">b</a>', "html b.md 1:3-1:18"),
    "html block": ("<div>\n  <img alt=x src='i.png'>\n</div>", "html! i.png 2:3-2:26"),
    "tabs": ("-\t[b](b.md)", "inline b.md 1:3-1:12"),
    "unsafe schemes too": ("[b](javascript:x)", "inline javascript:x 1:1-1:18"),
    "in code": ("`[b](b.md)`\n\n    [b](b.md)\n\n```\n[b](b.md)\n```\n<!-- [b](b.md) -->", ""),
    "escaped": ("\\[b](b.md)", ""),
    "undefined reference": ("[b][c]", ""),
    "after characters beyond the BMP": ("🧠🧠 [b](b.md)", "inline b.md 1:4-1:13"),
    "after a line that only looks empty": ("\xa0\nline\n[b](b.md)", "inline b.md 3:1-3:10"),
    "after such a line in a quote": ("> \x0c\n> [b](b.md)", "inline b.md 2:3-2:12"),
    "NUL before": ("\0 [b](b.md)", "inline b.md 1:3-1:12"),
}


@pytest.mark.parametrize(("text", "expected"), LINKS.values(), ids=LINKS)
def test_links(text: str, expected: str) -> None:
    found = document(text)
    lines = []
    for link in found.links:
        at = found.place(link)
        image = "!" if link.image else ""
        span = f"{at.line}:{at.column}-{at.end_line}:{at.end_column}"
        lines.append(f"{link.kind}{image} {link.target} {span}")
        if link.target_start != -1:
            assert found.text[link.target_start : link.target_end] == link.target
    assert "\n".join(lines) == expected


MENTIONS = {
    "`references/a.md` and ``b.py``": "references/a.md 1:2 b.py 1:25",
    "`./a.md#b` `../c/d.json`": "./a.md#b 1:2 ../c/d.json 1:13",
    "`pip install x.y` `a.*` `/etc/x.conf` `a b.md` `v1.2` `e.g.`": "",
    "[`a.md`](a.md)": "",
    "| `a/b.md` |\n|---|\n| `c/d.md` |": "a/b.md 1:4 c/d.md 3:4",
}


@pytest.mark.parametrize(("text", "expected"), MENTIONS.items(), ids=MENTIONS)
def test_mentions(text: str, expected: str) -> None:
    found = document(text)
    places = [(m.target, found.place(m)) for m in found.mentions]
    assert " ".join(f"{target} {p.line}:{p.column}" for target, p in places) == expected


def test_sections_nest() -> None:
    found = document("lead\n\n# A\n\n## B\nb\n\n### C\n\n## B\n\n# D\n\n> # quoted\n")
    assert [(s.level, s.anchor, s.parent) for s in found.sections] == [
        (0, "", None),
        (1, "a", 0),
        (2, "b", 1),
        (3, "c", 2),
        (2, "b-1", 1),
        (1, "d", 0),
    ]
    b = found.sections[2]
    assert found.text[b.start : b.text_end] == "## B\nb\n\n"
    assert found.text[b.start : b.end] == "## B\nb\n\n### C\n\n"
    assert found.sections[found.anchors["quoted"]].anchor == "d"
    assert found.lead == "lead"


def test_a_link_by_reference_in_a_heading_is_its_text() -> None:
    assert document("## [Un][u] x\n\n[u]: b.md").sections[1].anchor == "un-x"


def test_anchors_keep_every_space_titles_do_not() -> None:
    found = document("# a   b\n\n# ![i](i.png) c\n").sections
    assert [(s.anchor, s.title) for s in found[1:]] == [("a---b", "a b"), ("-c", "c")]


def test_title_and_lead() -> None:
    found = document("---\nname: n\n---\n\n# The *Title* `x`\n\nOne.\n\nTwo.\n\n## A\n")
    assert (found.title, found.lead, found.description) == ("The Title x", "One.\n\nTwo.", "One.")


def test_blocks() -> None:
    text = "## A\n\n- ```python needs=gpu\n  x = 1\n\n  y\n  ```\n\n    indented\n\n~~~\nopen"
    found = document(text)
    python, last = found.blocks[0], found.blocks[-1]
    assert (python.language, python.info, python.text, python.line, python.closed) == (
        "python", "python needs=gpu", "x = 1\n\ny\n", 4, True,
    )  # fmt: skip
    assert text[python.start : python.end].startswith("```python")
    assert (last.text, last.line, last.closed, found.closer) == ("open\n", 12, False, "~~~")
    assert [f.rule for f in found.faults] == ["fence-unclosed"]


@pytest.mark.parametrize(
    ("text", "closer", "rules"),
    [
        ("<!-- a\n\n# b", "-->", ["comment-unclosed"]),
        ("<script>\n\n# b", "</script>", []),
        ("<pre>\na\n</pre>\n\n# b", "", []),
        ("text <!-- a --> b", "", []),
        ("* <script>\n\n# b", "", []),
        ("- ```\n  a\n\n# b", "", ["fence-unclosed"]),
        ("````\n```\n", "````", ["fence-unclosed"]),
    ],
)
def test_what_is_left_open(text: str, closer: str, rules: list[str]) -> None:
    found = document(text)
    assert (found.closer, [f.rule for f in found.faults]) == (closer, rules)


def test_comments() -> None:
    text = "a <!-- b --> c\n\n<!--\nd\n-->\n<!-- e --> text\n"
    found = document(text)
    assert [text[c.start : c.end] for c in found.comments] == [
        "<!-- b -->",
        "<!--\nd\n-->",
        "<!-- e -->",
    ]
    assert [c.text for c in found.comments] == [" b ", "\nd\n", " e "]


def test_html_anchors() -> None:
    found = document('# A\n\n<a id="x"></a>\n\ntext <a name="y">\n')
    assert found.anchors == {"a": 1, "x": 1, "y": 1}


def filled(text: str, size: int = 1 << 19) -> str:
    return (text * (size // len(text) + 1))[:size]


# At a megabyte, each took markdown-it-py alone from eight seconds to many minutes, or could.
ATTACKS = {
    "table": "|" + "a|" * 200 + "\n|" + "-|" * 200 + "\n" + ("|" + "a|" * 200 + "\n") * 2000,
    "brackets": filled("["),
    "images": filled("!["),
    "open references": filled("[a]["),
    "bracket lines": filled("[a\n"),
    "definition's title": "[a]: b '" + filled("x\n"),
    "definitions": filled("[a]: b\n"),
    "list": filled("- a\n"),
    "headings": filled("# -\n"),
    "setext": filled("a\n=\n"),
    "quotes": filled(">" * 90 + "a\n"),
    "long heading": "# " + filled("*a _b [c]("),
    "backticks": "".join("`" * i + " " for i in range(1400)),
    "tags": "<div>\n" + filled("<a href='x"),
    "comments": filled("<!-- "),
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_attacks_end_soon(text: str) -> None:
    found = document(text)
    assert all(0 <= f.start <= f.end <= len(text) for f in found.faults)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("|a|b|\n|-|-|\n|c|d|\n", {"table_cells": 3}),
        ("# a\n" * 10, {"blocks": 9}),
        ("[a](b) [c](d)", {"brackets": 1}),
        ("> " * 20 + "a", {"nesting": 10}),
        ("a\n" * 10, {"lines": 5}),
    ],
)
def test_a_reached_limit_is_told(text: str, limits: dict[str, int]) -> None:
    assert not document(text).faults
    assert [f.rule for f in document(text, **limits).faults] == ["limit-reached"]


MARKDOWN = st.lists(
    st.sampled_from(
        [
            *("# ", "## ", "- ", "> ", "1. ", "    ", "```", "~~~", "`", "[", "]", "(", ")", "*"),
            *("[a](b.md)", "![i](j)", "[r]", "[r]: c.md\n", "<a href='d'>", "<!--", "-->", "_"),
            *("<div>", "</div>", "\\", "\\|", "&amp;", "é🧠", "\t", "\n", "\n\n", "\0", "\u2028"),
            *("|", "| a | b |\n|---|---|\n|", "x"),
        ]
    ),
    max_size=40,
).map("".join)


@given(MARKDOWN)
def test_every_place_lies_in_the_file(text: str) -> None:
    found = document(text)
    size = len(text)
    items = (
        *found.links,
        *found.mentions,
        *found.blocks,
        *found.comments,
        *found.faults,
        *found.sections,
    )
    for item in items:
        assert 0 <= item.start <= item.end <= size, item
    for block in found.blocks:
        assert 1 <= block.line <= len(found.source.starts) + 1
    for link in found.links:
        if link.kind != "html":
            assert text[link.start] in "[!<"
    for section in found.sections[1:]:
        parent = found.sections[section.parent or 0]
        assert parent.start <= section.start <= section.text_end <= section.end <= parent.end
        assert found.anchors[section.anchor] == found.sections.index(section)


@settings(max_examples=200)
@given(MARKDOWN)
def test_links_are_those_of_markdown_it(text: str) -> None:
    """What is not parsed inline, for speed, hides no link."""
    if text.startswith("---"):
        return
    reference = MarkdownIt("commonmark").enable("table")
    reference.normalizeLink = reference.normalizeLinkText = lambda url: url  # type: ignore
    reference.validateLink = lambda url: True  # type: ignore
    expected = []

    def walk(tokens) -> None:  # type: ignore[no-untyped-def]
        for token in tokens:
            if token.type in ("link_open", "image"):
                expected.append(str(token.attrGet("src" if token.type == "image" else "href")))
            walk(token.children or ())

    walk(reference.parse(text))
    assert [link.target for link in document(text).links if link.kind != "html"] == expected
