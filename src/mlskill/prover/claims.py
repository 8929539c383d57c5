"""Claimed output: where in a block it stands, and whether it holds. Standard library only.

A line ``# > text`` behind a statement claims what was printed since the last claim.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from typing import NamedTuple

_CLAIM = re.compile(r"# >(?: (.*))?$")


class Segment(NamedTuple):
    """Statements, and the output that the lines after them claim; `line` is the claim's first."""

    body: list[ast.stmt]
    claim: str | None
    line: int


def segments(text: str, line: int, name: str) -> list[Segment]:
    """A block's statements, cut behind each claim; `line` is where its text starts in the file.

    Raises:
        SyntaxError: it does not parse, or a claim stands inside a statement or before the first.
    """
    padded = "\n" * (line - 1) + text
    body = ast.parse(padded, name).body
    claims = _claims(padded) if "# >" in text else {}
    found: list[Segment] = []
    rest = list(claims)
    start = 0
    for i, statement in enumerate(body):
        end = statement.end_lineno or statement.lineno
        after = body[i + 1].lineno if i + 1 < len(body) else sys.maxsize
        if rest and rest[0] <= end:
            at = (name, rest[0], claims[rest[0]][0], None)
            raise SyntaxError("claimed output must follow a whole statement", at)
        mine = [number for number in rest if number < after]
        if mine:
            claim = "\n".join(claims[number][1] for number in mine)
            found.append(Segment(body[start : i + 1], claim, mine[0]))
            rest, start = rest[len(mine) :], i + 1
    if rest:
        raise SyntaxError("output is claimed, but nothing ran", (name, rest[0], 1, None))
    if body[start:]:
        found.append(Segment(body[start:], None, 0))
    return found


def _claims(text: str) -> dict[int, tuple[int, str]]:
    """Column and text of each claiming comment that is alone on its line, by line."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip():
            claim = _CLAIM.match(token.string)
            if claim:
                found[token.start[0]] = (token.start[1] + 1, (claim[1] or "").rstrip())
    return found


def same(claim: str, printed: str) -> bool:
    r"""Whether `printed` is what `claim` says: white space at line ends aside, ``...`` is anything.

    >>> same("loss ... ok", "loss 0.25 ok  "), same("a\n...\nd", "a\nb\nc\nd")
    (True, True)
    """
    claim, printed = ("\n".join(map(str.rstrip, t.splitlines())).rstrip() for t in (claim, printed))
    pieces = re.split(r"(?<!\S)\.\.\.(?!\S)", claim)
    if len(pieces) == 1:
        return claim == printed
    first, last = pieces[0], pieces[-1]
    at, end = len(first), len(printed) - len(last)
    if at > end or not (printed.startswith(first) and printed.endswith(last)):
        return False
    for piece in pieces[1:-1]:
        at = printed.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True
