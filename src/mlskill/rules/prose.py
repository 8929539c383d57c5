"""prose: the text of a page as its readers see it, with all else blanked where it stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from mlskill.model import Document, Skill
from mlskill.rules.once import once

_TICKS = re.compile(r"`+")
_INNER = re.compile(r"[^\n]")


@once
def _kept(skill: Skill) -> dict[str, str]:
    """The prose of the pages that were asked for."""
    return {}


def prose(skill: Skill, document: Document) -> str:
    """The text of `document` with spaces for frontmatter, code and comments; offsets stay."""
    kept = _kept(skill)
    if document.path not in kept:
        kept[document.path] = _blanked(document)
    return kept[document.path]


def in_prose(skill: Skill, document: Document, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Where `pattern` matches in the prose of `document`; what is in code is not looked at.

    Most pages have no match at all, and their prose is never made.
    """
    for match in pattern.finditer(document.text, document.frontmatter.end):
        if prose(skill, document)[match.start() : match.end()] == match[0]:
            yield match


def _blanked(document: Document) -> str:
    text, parts, at = document.text, [], 0
    for start, end in sorted(_outside(document)):
        if end > at:
            start = max(start, at)
            parts += [text[at:start], _INNER.sub(" ", text[start:end])]
            at = end
    return "".join(parts) + text[at:]


def _outside(document: Document) -> Iterator[tuple[int, int]]:
    """What is no prose: frontmatter, blocks of code, comments, code spans."""
    yield 0, document.frontmatter.end
    yield from ((block.start, block.end) for block in document.blocks)
    yield from ((comment.start, comment.end) for comment in document.comments)
    yield from spans(document)


class Spans:
    """Stretches of a text, of which some may lie within others: ``offset in spans``."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __contains__(self, offset: int) -> bool:
        before = bisect_right(self._starts, offset) - 1
        return before >= 0 and offset < self._ends[before]


def spans(document: Document) -> Iterator[tuple[int, int]]:
    """The code spans: a run of backticks to the next of its length in the same paragraph."""
    text = document.text
    if "`" not in text:
        return
    blocks = sorted((block.start, block.end) for block in document.blocks)
    starts = [start for start, _ in blocks]
    runs: list[tuple[int, int]] = []
    for match in _TICKS.finditer(text, document.frontmatter.end):
        i = bisect_right(starts, match.start()) - 1
        if i < 0 or match.start() >= blocks[i][1]:
            runs.append(match.span())
    by_length: dict[int, list[int]] = {}
    for number, (start, end) in enumerate(runs):
        by_length.setdefault(end - start, []).append(number)
    paragraph, number = -1, 0
    while number < len(runs):
        start, end = runs[number]
        same = by_length[end - start]
        later = bisect_right(same, number)
        if paragraph < end:
            paragraph = text.find("\n\n", end)
            paragraph = len(text) if paragraph == -1 else paragraph
        if later < len(same) and runs[same[later]][0] < paragraph:
            yield start, runs[same[later]][1]
            number = same[later]
        number += 1
