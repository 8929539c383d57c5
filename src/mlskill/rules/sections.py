"""Rules about sections and pages."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from mlskill.linker import role
from mlskill.model import Document, Skill
from mlskill.rules.rule import Problems, at, rule, unread


@rule("warning")
def heading_empty(skill: Skill) -> Problems:
    """A heading has no text."""
    for document in skill.documents:
        for section in document.sections[1:]:
            if not section.title:
                written = document.text[section.start : section.body_start].rstrip()
                if not written.strip("# \t>\n"):  # an image is a heading, too
                    span = (section.start, section.start + len(written))
                    yield at(document, span, "a heading without text; write one or remove it")


# With the line end before it, which is found many times faster than the start of a line.
_DELIMITER = re.compile(
    r"\n( {0,3}(?:\|[ \t]*:?-++:?[ \t]*+|:?-++:?[ \t]*+\|)[-:| \t]*+)$", re.MULTILINE
)
_PIPE = re.compile(r"(?<!\\)\|")


@rule("warning")
def table_row_long(skill: Skill) -> Problems:
    """A row has more cells than its table: what is in them is not shown."""
    for document in skill.documents:
        text = document.text
        if "-|" not in text and "- |" not in text and ":|" not in text and "|-" not in text:
            continue
        blocks = [(block.start, block.end) for block in document.blocks]
        starts = [start for start, _ in blocks]
        done = 0
        for match in _DELIMITER.finditer(text, max(0, document.frontmatter.end - 1)):
            start = match.start(1)
            i = bisect_right(starts, start) - 1
            if start > done and (i < 0 or start >= blocks[i][1]):
                rows = [*_rows(text, match)]
                done = rows[-1][1] if rows else match.end()
                yield from _long_rows(document, rows, len(_cells(match[1])))


def _rows(text: str, delimiter: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Where the rows under `delimiter` lie, if a heading of as many cells stands over it."""
    head = text[text.rfind("\n", 0, delimiter.start()) + 1 : delimiter.start()]
    if len(_cells(head)) != len(_cells(delimiter[1])):
        return
    start = delimiter.end() + 1
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end == -1 else end
        if "|" not in text[start:end]:
            return
        yield start, end
        start = end + 1


def _long_rows(document: Document, rows: list[tuple[int, int]], columns: int) -> Problems:
    """The rows that have text in more cells than `columns`."""
    for start, end in rows:
        row = document.text[start:end]
        cells = _cells(row)
        if len(cells) > columns and row[cells[columns][0] : cells[-1][1]].strip("| \t"):
            span = (start + cells[columns][0], start + cells[-1][1])
            said = f"this row has {len(cells)} cells, its table {columns}"
            yield at(document, span, f"{said}; write \\| for | in a cell")


def _cells(row: str) -> list[tuple[int, int]]:
    """Where the cells of `row` lie in it."""
    pipes = [match.start() for match in _PIPE.finditer(row)]
    stripped = row.strip()
    bounds = [*pipes]
    if not stripped.startswith("|"):
        bounds.insert(0, -1)
    if not (stripped.endswith("|") and not stripped.endswith("\\|")) or len(bounds) == 1:
        bounds.append(len(row.rstrip()))
    return [(left + 1, right) for left, right in pairwise(bounds)]


@rule("advice")
def body_empty(skill: Skill) -> Problems:
    """SKILL.md says nothing after its frontmatter."""
    main = skill.main
    if main.frontmatter.present and not main.body.strip() and not unread(skill):
        span = (main.frontmatter.end, main.frontmatter.end)
        yield at(main, span, "nothing stands here; say what the agent is to do")


# Pages for people, found by their names; no skill needs to lead to them.
_CUSTOMARY = frozenset(
    (
        *("agents", "authors", "changelog", "claude", "code_of_conduct", "contributing", "credits"),
        *("gemini", "index", "license", "licence", "notice", "plan", "readme", "security", "todo"),
    )
)
_APART = frozenset(
    ("eval", "evals", "example", "examples", "fixtures", "test", "tests", "testdata")
)
# Each starts where a name starts, so that a megabyte of one word is tried once.
_NAMED = re.compile(r"(?<![\w.+-])([\w.+-]+)\.(?:md|mdx|markdown)\b", re.IGNORECASE)
_FOLDER = re.compile(r"(?<![\w.+-])([\w.+-]+)/(?![\w.+-])")


@rule("warning", exact=False)
def document_unreachable(skill: Skill) -> Problems:
    """Nothing in the skill leads to this page, so no agent opens it."""
    if unread(skill) or any(fault.rule == "limit-reached" for fault in skill.faults):
        return
    waiting = {d.path: d for d in skill.documents if d.path not in skill.parents}
    waiting.pop(skill.main.path)
    reached = [d for d in skill.documents if d.path not in waiting]
    # A page is reached, too, by its name in the text, and by that of a folder it lies in.
    named: dict[str, list[str]] = defaultdict(list)
    for path in waiting:
        for name in _names(path):
            named[name].append(path)
    while waiting and reached:
        text = reached.pop().text
        names = {name.lower() for name in _NAMED.findall(text)}
        names.update(f"{name}/" for name in _FOLDER.findall(text))
        for name in names & named.keys():
            for path in named.pop(name):
                if path in waiting:
                    reached.append(waiting.pop(path))
    for document in waiting.values():
        parts = document.path.lower().split("/")
        apart = _APART.intersection(parts) or any(part.startswith((".", "_")) for part in parts)
        if role(document.path) in ("module", "resource") and not apart:
            if document.stem.lower().replace("-", "_") not in _CUSTOMARY:
                yield at(document, (0, 0), "nothing leads to this page; link it or remove it")


def _names(path: str) -> set[str]:
    """What a text may call the page at `path`."""
    *folders, base = path.split("/")
    return {posixpath.splitext(base)[0].lower(), *(f"{folder}/" for folder in folders)}
