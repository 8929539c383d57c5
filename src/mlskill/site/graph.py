"""graph: the documents of a skill and what leads to what, as a picture to click.

A line for each document, in reading order, indented below the one that introduces it; every other
link is an arc in the margin. It stays legible at any width and with a hundred documents, needs no
library and no script, and two documents never lie on one another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mlskill.model import Skill
from mlskill.renderer.nodes import Node

MOST = 200
"""Documents that are drawn."""
_ROW, _INDENT, _TOP, _CHARACTER = 30, 22, 20, 7.4
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Dot:
    """One document: where it stands, how large, and what it says."""

    x: float
    y: float
    radius: float
    label: str
    address: str
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """One link, by the rows of its ends; `branch` for the one that introduces a document."""

    path: str
    source: int
    target: int
    branch: bool


@dataclass(frozen=True)
class Picture:
    """What is drawn, and how large it is."""

    dots: tuple[Dot, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    left_out: int = 0


def links(skill: Skill, prefix: str = "") -> Counter[tuple[str, str]]:
    """How often each file leads to each other one, by their paths from the outermost root."""
    count = Counter(
        (prefix + edge.source, prefix + edge.target)
        for edge in skill.edges
        if edge.source != edge.target
    )
    for inner in skill.skills:
        count += links(inner, prefix + inner.prefix)
    return count


def picture(skill: Skill, found: Sequence[Node], labels: Sequence[tuple[str, str, int]]) -> Picture:
    """`found` with the links between them; `labels` are title, address and tokens of each."""
    drawn = found[:MOST]
    rows = {node.path: row for row, node in enumerate(drawn)}
    pairs = sorted((rows[a], rows[b]) for a, b in links(skill) if a in rows and b in rows)
    tree = {(rows[n.parent], row) for row, n in enumerate(drawn) if n.parent in rows}
    across = [pair for pair in pairs if pair not in tree]
    widest = max((abs(a - b) for a, b in across), default=0)
    margin = min(150.0, 26 + 10 * widest) if across else 12.0

    def spot(row: int) -> tuple[float, float]:
        return margin + 12 + _INDENT * min(drawn[row].depth, _DEEPEST), _TOP + _ROW * row

    largest = max((tokens for *_, tokens in labels), default=0) or 1
    dots = []
    for row, (title, address, tokens) in enumerate(labels[:MOST]):
        x, y = spot(row)
        label = title if len(title) <= 44 else f"{title[:43]}…"
        about = f"{title}: {tokens:,} tokens"
        dots.append(Dot(x, y, 4 + 5 * (tokens / largest) ** 0.5, label, address, about))
    lines = [Line(_branch(spot(a), spot(b)), a, b, True) for a, b in sorted(tree)]
    lines += [
        Line(_arc(spot(a), spot(b), margin * abs(a - b) / (widest or 1)), a, b, False)
        for a, b in across[: 4 * MOST]
    ]
    width = max((dot.x + 18 + _CHARACTER * len(dot.label) for dot in dots), default=100)
    return Picture(
        tuple(dots),
        tuple(lines),
        round(width),
        _TOP + _ROW * len(drawn),
        len(found) - len(drawn),
    )


def _branch(source: tuple[float, float], target: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = source, target
    bend = min(10.0, to_x - x)
    return f"M{x:g} {y:g}V{to_y - bend:g}Q{x:g} {to_y:g} {x + bend:g} {to_y:g}H{to_x:g}"


def _arc(source: tuple[float, float], target: tuple[float, float], reach: float) -> str:
    (x, y), (to_x, to_y) = source, target
    left = min(x, to_x) - 14 - reach
    return f"M{x:g} {y:g}C{left:.1f} {y:g} {left:.1f} {to_y:g} {to_x:g} {to_y:g}"
