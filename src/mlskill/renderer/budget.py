"""budgeted: the parts of a skill that answer a question, as many as a number of tokens allows.

Whole sections only, so that no block of code is cut. What is written is counted as it is written,
frame and list of what was left out included: whatever the counter, the result is within the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mlskill.model import Section, Skill
from mlskill.renderer import text
from mlskill.renderer.nodes import Node
from mlskill.searcher import search
from mlskill.tokens import Counter

MOST = 200
"""Sections that are tried."""
_LISTED = (12, 5, 2, 0)
"""How many left-out sections are named: the most for which there is room."""

Body = Callable[[Node, Section], str]
Trail = Callable[[Node, Section], list[str]]
Wrap = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Piece:
    """One section with its frame: `opening` once for each document, `way` before each section."""

    handle: str
    opening: str
    way: str
    body: str
    tokens: int


def choose(
    skill: Skill,
    found: Sequence[Node],
    query: str | None,
    budget: int,
    *,
    body: Body,
    trail: Trail,
    wrap: Wrap,
    count: Counter,
) -> str:
    """The best sections for `query`, or an outline and then the breadth, within `budget` tokens.

    It starts with what is the same for every question. Empty where not even that has room.
    """
    order = _answers(skill, found, query, count) if query is not None else _breadth(found)
    pieces = [_piece(skill, node, section, body, trail, count) for node, section in order]
    pieces = [piece for piece in pieces if piece.body.partition("\n")[2].strip()][:MOST]
    head = f"{text.code(skill.name)}: {text.inline(text.shorten(skill.description))}"
    if query is not None and not pieces:
        head += "\n\nNothing here fits the question."
    kept: list[str] = [head]
    if query is None:
        lines = [f"- {text.code(n.path)}: {text.inline(n.purpose)}" for n in found[1 : MOST + 1]]
        kept = _most(head, lines, lambda t: count(wrap(t)) <= budget // 2 or not pieces)
    taken: list[Piece] = []

    def written(listed: int) -> str:
        left = [piece for piece in pieces if piece not in taken]
        return wrap("\n".join(kept) + _sections(taken) + _rest(left, listed))

    for piece in pieces:
        taken.append(piece)
        if count(written(_LISTED[1])) > budget:
            taken.pop()
    for listed in _LISTED:
        if count(whole := written(listed)) <= budget:
            return whole
    for shorter in ("\n".join(kept), head):
        if count(whole := wrap(shorter)) <= budget:
            return whole
    return ""


def _most(head: str, lines: Sequence[str], fits: Callable[[str], bool]) -> list[str]:
    """`head` and the first of `lines` for which there is room."""
    kept = [head, ""]
    for line in lines:
        if not fits("\n".join((*kept, line))):
            break
        kept.append(line)
    return kept if len(kept) > 2 else [head]


def _answers(
    skill: Skill, found: Sequence[Node], query: str, count: Counter
) -> Iterator[tuple[Node, Section]]:
    by_path = {node.path: node for node in reversed(found)}
    for hit in search(skill, query, limit=MOST, count=count):
        node = by_path.get(hit.path)  # None: a document that was not asked for
        section = node.document.section(hit.anchor) if node else None
        if node and section:
            yield node, section


def _breadth(found: Sequence[Node]) -> Iterator[tuple[Node, Section]]:
    """The first section of every document, then the second of each, and so on."""
    longest = max((len(node.document.sections) for node in found), default=0)
    for at in range(longest):
        for node in found:
            if at < len(node.document.sections):
                yield node, node.document.sections[at]


def _piece(
    skill: Skill, node: Node, section: Section, body: Body, trail: Trail, count: Counter
) -> Piece:
    said = body(node, section)
    heading = f"{said}\n" if section.level else f"\n{said}"
    names = [text.code(node.path), *map(text.inline, trail(node, section))]
    return Piece(
        handle=f"{node.path}#{section.anchor}" if section.anchor else node.path,
        opening=f"From {text.code(node.path)}: {text.inline(node.purpose)}",
        way=f"{text.code(skill.name)} > {' > '.join(names)}",
        body=heading,
        tokens=count(said),
    )


def _sections(taken: Sequence[Piece]) -> str:
    opened: set[str] = set()
    parts: list[str] = []
    for piece in taken:
        if piece.opening not in opened:
            opened.add(piece.opening)
            parts.append(piece.opening)
        parts += [piece.way, piece.body.strip("\n")]
    return "".join(f"\n\n{part}" for part in parts)


def _rest(left: Sequence[Piece], listed: int) -> str:
    """What was left out, with the handle that `render` takes for it."""
    if not left:
        return ""
    lines = [f"- {text.code(piece.handle)} ({piece.tokens:,} tokens)" for piece in left[:listed]]
    more = len(left) - len(lines)
    if more:
        lines.append(f"- {more:,} more {'section' if more == 1 else 'sections'}")
    return "\n\nLeft out; `mlskill render` takes these names:\n\n" + "\n".join(lines)
