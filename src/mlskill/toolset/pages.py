"""pages: a long text in parts that follow each other, cut where a reader would pause."""

from __future__ import annotations

from collections.abc import Callable

from mlskill import parser
from mlskill.model import Source
from mlskill.tokens import estimate

_SECTION, _BLOCK, _LINE = 2, 1, 0


def pages(
    text: str, size: int, *, markdown: bool = True, count: Callable[[str], int] = estimate
) -> list[str]:
    r"""`text` in pages of at most about `size` tokens; together they are `text` to the letter.

    Of the places where the next page may start, the last section is taken if the page is then at
    least half full, else the last blank line, never one in a block of code, else the last line.

    >>> pages("# A\n\none\n\n# B\n\ntwo\n", 10, count=len)
    ['# A\n\none\n\n', '# B\n\ntwo\n']
    """
    lines = [piece for line in text.splitlines(keepends=True) for piece in _pieces(line, size)]
    ranks = _ranks(text, lines) if markdown else [_LINE] * len(lines)
    costs = [count(line) for line in lines]
    found: list[str] = []
    start, used = 0, 0
    at = 0
    while at < len(lines):
        if used and used + costs[at] > size:
            stop = _stop(ranks, costs, start, at, size)
            found.append("".join(lines[start:stop]))
            start, used = stop, sum(costs[stop:at])
            continue
        used += costs[at]
        at += 1
    return [*found, "".join(lines[start:])] if start < len(lines) or not found else found


def _stop(ranks: list[int], costs: list[int], start: int, end: int, size: int) -> int:
    """Where, after line `start` and at line `end` at most, the next page is to start."""
    kept = 0
    best: dict[int, int] = {_LINE: end}
    for at in range(start + 1, end + 1):
        kept += costs[at - 1]
        if ranks[at] != _SECTION or kept * 2 >= size:
            best[ranks[at]] = at
    return best.get(_SECTION) or best.get(_BLOCK) or best[_LINE]


def _ranks(text: str, lines: list[str]) -> list[int]:
    """How well a page may start at each of `lines`."""
    document = parser.parse(Source("", b"", text))
    sections = {section.start for section in document.sections[1:]}
    closed = [(block.start, block.end) for block in document.blocks][::-1]
    ranks, offset, blank = [], 0, False
    for line in lines:
        while closed and closed[-1][1] <= offset:
            closed.pop()
        inside = bool(closed) and closed[-1][0] < offset
        section = offset in sections and not inside
        ranks.append(_SECTION if section else _BLOCK if blank and not inside else _LINE)
        blank, offset = not line.strip(), offset + len(line)
    return ranks


def _pieces(line: str, size: int) -> list[str]:
    """A line, in pieces where it alone may be more than a page: a token has at least a letter."""
    return [line[at : at + size] for at in range(0, len(line), size)]
