"""Links: where each one is to lead in what is written, and the edits that make it so."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from mlskill.model import Document, Link, LinkKind
from mlskill.renderer.text import Edit

Address = Callable[[Link], str | None]
"""The target that a link is to have; None to leave it as it is written."""

_LABEL = re.compile(r" {0,3}\[[^\[\]]+\]:[ \t]*<?")
_TITLE = re.compile(r">?(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?[ \t]*")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_UNSAFE = re.compile(r"[\s<>()\"'\\|`%#?\x00-\x1f\x7f]")


def retarget(
    document: Document, address: Address, *, inline: bool, mentions: bool = False
) -> Iterator[Edit]:
    """The edits that give each link, with `mentions` each mention too, the target of `address`.

    With `inline`, links by reference become inline ones, so that they need no definition. Links
    are left as they are once the new targets make up a multiple of the text: a page of references
    to one endless target must not become as many copies of it.
    """
    text = document.text
    room = 4 * len(text) + 10_000
    defined: set[int] = {-1}
    targets: dict[tuple[str, LinkKind, bool], tuple[str | None, str]] = {}
    for link in (*document.links, *(document.mentions if mentions else ())):
        key = link.target, link.kind, link.image
        if key not in targets:
            new = address(link)
            targets[key] = new, _encode(link.target) if new is None else new
        new, full = targets[key]
        # A definition whose target was not found in the text cannot be edited: go without it.
        loose = inline or (new is not None and link.target_start < 0)
        tail = _tail(text, link) if link.kind == "reference" and loose else 0
        new = full if tail else new
        room -= len(new or "")
        if room < 0:
            return
        if tail:
            yield tail, link.end, f"({new})"
            if link.target_start not in defined:
                defined.add(link.target_start)
                yield from _undefine(text, link)
        elif new is not None and 0 <= link.target_start <= link.target_end:
            # A place that does not hold the target (odd escapes) is better left alone.
            if _reads(text[link.target_start : link.target_end], link.target):
                yield link.target_start, link.target_end, new


def _reads(written: str, target: str) -> bool:
    r"""Whether `written` in Markdown is the destination `target`.

    >>> _reads("a b.md", "a%20b.md"), _reads(r"a\_b&amp;c.md", "a_b&c.md"), _reads("a", "b")
    (True, True, False)
    """
    plain = html.unescape(_ESCAPED.sub(r"\1", written))
    return unquote(target) in (unquote(written), unquote(plain))


def _undefine(text: str, link: Link) -> Iterator[Edit]:
    """The removal of the definition that `link` no longer needs, if it is a line of its own."""
    first = text.rfind("\n", 0, link.target_start) + 1
    last = text.find("\n", link.target_end)
    last = len(text) if last == -1 else last
    head, tail = text[first : link.target_start], text[link.target_end : last]
    if _LABEL.fullmatch(head) and _TITLE.fullmatch(tail):
        yield first, min(last + 1, len(text)), ""


def _tail(text: str, link: Link) -> int:
    """The offset after the bracket that closes the text of a link by reference; 0: not found."""
    at, depth = link.start + link.image, 0
    while at < link.end:
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "`":
            run = 1
            while text[at + run] == "`":
                run += 1
            close = text.find("`" * run, at + run, link.end)
            at = close + run - 1 if close != -1 else at + run - 1
        elif char in "[]":
            depth += 1 if char == "[" else -1
            if not depth:
                return at + 1
        at += 1
    return 0


def _encode(target: str) -> str:
    """A destination fit for every kind of link, from one that was written in a definition."""
    return re.sub(r"[\s<>()\"'\\|`\x00-\x1f\x7f]", lambda m: quote(m[0]), target)


def destination(path: str) -> str:
    """A path as a link's destination: encoded where Markdown, HTML or a table would trip.

    >>> destination("a b/größe (1).md")
    'a%20b/größe%20%281%29.md'
    """
    return _UNSAFE.sub(lambda m: quote(m[0]), path)


def from_root(link: Link, path: str) -> str:
    """The target of `link` with `path`, a path from the skill's root, and its query and anchor."""
    rest = link.target[len(link.target.partition("#")[0].partition("?")[0]) :]
    return destination(path) + _encode(rest)
