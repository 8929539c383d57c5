"""What we say of the examples of CommonMark and of YAML's test suite is what they mean.

`data/commonmark.json` holds the examples of the CommonMark specification 0.31.2, `yaml-suite.json`
the cases of YAML's test suite; `data/SOURCES.md` says where they come from.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import mlskill
from mlskill.frontmatter import split
from mlskill.model import LIMITS, Document, Source
from mlskill.parser import bounds, parse

DATA = Path(__file__).parent / "data"
EXAMPLES: list[str] = json.loads((DATA / "commonmark.json").read_text("utf-8"))
YAML: list[dict[str, Any]] = json.loads((DATA / "yaml-suite.json").read_text("utf-8"))
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FRONT = "---\nname: skill\ndescription: d\n---\n"


def _reference() -> MarkdownIt:
    md = MarkdownIt("commonmark").enable("table")
    for name in ("normalizeLink", "normalizeLinkText"):
        setattr(md, name, lambda url: url)
    md.validateLink = lambda url: True  # type: ignore[method-assign]
    return md


REFERENCE = _reference()


def _meant(text: str) -> dict[str, list[Any]]:
    """Links, code and headings of `text`, by markdown-it-py as it comes."""
    links: list[tuple[str, bool]] = []
    tokens = REFERENCE.parse(text)

    def walk(children: list[Any]) -> None:
        for token in children:
            if token.type in ("link_open", "image"):
                image = token.type == "image"
                links.append((str(token.attrGet("src" if image else "href") or ""), image))
            walk(token.children or [])

    walk(tokens)
    code = [(t.info.strip(), t.content) for t in tokens if t.type in ("fence", "code_block")]
    heads = [int(t.tag[1]) for t in tokens if t.type == "heading_open" and t.level == 0]
    return {"links": sorted(links), "code": code, "heads": heads}


@pytest.mark.parametrize("text", EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_an_example_of_commonmark_means_what_it_says(text: str) -> None:
    document = parse(Source("a.md", b"", FRONT + text))
    links = [(link.target, link.image) for link in document.links if link.kind != "html"]
    said = {
        "links": sorted(links),
        "code": [(b.info, b.text) for b in document.blocks],
        "heads": [section.level for section in document.sections[1:]],
    }
    meant = _meant(text)
    meant["code"] = [(i, c if c.endswith("\n") or not c else f"{c}\n") for i, c in meant["code"]]
    assert said == meant


@pytest.mark.parametrize("text", EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_no_example_of_commonmark_is_falsely_accused(text: str) -> None:
    skill = mlskill.loads({"SKILL.md": FRONT + text}, root="skill")
    meant = _meant(text)
    for finding in mlskill.validate(skill).findings:
        if finding.rule == "link-label-missing":  # no link: its brackets are shown
            assert "]" in MarkdownIt("commonmark").render(text), finding
        elif finding.rule.startswith("link-"):
            assert meant["links"] or "<" in text, finding
        elif finding.rule == "fence-unclosed":
            assert [code for code in meant["code"] if "```" in text or "~~~" in text], finding
        elif finding.rule == "heading-empty":
            assert meant["heads"], finding


@pytest.fixture(scope="module")
def slowly() -> Callable[[str], Document]:
    """`parse` with all of the library's own ways, and with nothing left out."""
    parser, collect = map(import_module, ("mlskill.parser", "mlskill.parser.collect"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("quicken_inline", "quicken_blocks"):
            patch.setattr(bounds, name, lambda _: None)
        plain = bounds.markdown.__wrapped__(LIMITS.nesting)

    def slow(text: str) -> Document:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parser, "markdown", lambda _: plain)
            patch.setattr(parser, "blocks", lambda markdown, text, env: markdown.parse(text, env))
            for name in ("_MARKUP", "_STYLED"):
                patch.setattr(collect, name, re.compile(""))
            return parse(Source("a.md", b"", text))

    return slow


def test_a_page_is_the_same_however_quickly_it_is_read(slowly: Callable[[str], Document]) -> None:
    """Nothing that the parser leaves out would have been found: in no public skill, too."""
    pages = Path(os.environ.get("MLSKILL_CORPUS") or DATA).rglob("*.md")
    texts = [page.read_bytes().decode("utf-8", "replace") for page in pages if page.is_file()]
    for text in [*EXAMPLES, *texts]:
        assert parse(Source("a.md", b"", text)) == slowly(text)


# What opens, closes or nests something, and what may stand between.
_PIECES = (
    *("\n", "\n\n", "\n  ", "\n    ", "\n\t", " ", "\t", "> ", "- ", "1. ", "# ", "# &amp;"),
    *("---", "===", "***", "a\n_ _ _\n===\n", "|", "|-|-|", ":-", "```", "~~~", "`", "``", "*"),
    *("_", "~~", "[", "]", "](", ")", "]: ", "![", "[x]", "[ ] ", "<", ">", "</", "<!--", "-->"),
    *("<?", "?>", '<a href="', "id='", "=", '"', "http://b.c", "a@b.c", "a.md", "`\na.md\n`"),
    *("b/c.py#d", "a", " b ", "\\", "&amp;", "é", "\u00a0", "\0"),
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
def test_a_made_up_page_is_too(slowly: Callable[[str], Document], text: str) -> None:
    assert parse(Source("a.md", b"", text)) == slowly(text)


def _json(value: Any) -> Any:
    """What PyYAML read, as far as JSON has it: dates and the like are text for us."""
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value


def _exotic(value: Any) -> bool:
    """Whether JSON has no such value, or no such key."""
    if isinstance(value, dict):
        return any(not isinstance(k, str) or _exotic(v) for k, v in value.items())
    if isinstance(value, list):
        return any(map(_exotic, value))
    return (
        isinstance(value, bytes | date | set | tuple)
        or value != value
        or value
        in (
            float("inf"),
            -float("inf"),
        )
    )


SUITE = [case for case in YAML if not any(x.rstrip() == "---" for x in case["yaml"].split("\n"))]


@pytest.mark.parametrize("case", SUITE, ids=lambda case: case["id"])
def test_a_case_of_yaml_is_read_as_pyyaml_reads_it(case: dict[str, Any]) -> None:
    text = case["yaml"]
    end = "" if text.endswith("\n") or not text else "\n"
    front = split(Source("SKILL.md", b"", f"---\n{text}{end}---\n"))
    rules = {fault.rule for fault in front.faults}
    try:
        documents = [*yaml.load_all(text + end, Loader=LOADER)]
    except yaml.YAMLError:
        documents = []
        if not rules & {"frontmatter-alias"}:
            assert rules, "PyYAML refuses it, and we say nothing"
    else:
        value = documents[0] if documents else None
        if rules <= {"frontmatter-duplicate-key"} and isinstance(value, dict):
            if not _exotic(value):
                assert front.data == _json(value)
        if isinstance(value, dict) and not _exotic(value):
            assert "frontmatter-invalid" not in rules, front.faults
        if value is not None and not isinstance(value, dict):
            assert rules, "no keys, and we say nothing"
