"""collect: the tokens of one file as headings, links, blocks and comments, each at its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.helpers import parseLinkDestination
from markdown_it.rules_block.html_block import HTML_SEQUENCES
from markdown_it.token import Token

from mlskill.anchors import Anchors
from mlskill.model import CodeBlock, Comment, Fault, Limits, Link, LinkKind, Source
from mlskill.parser.bounds import LimitError

# What may be a link, a comment, a tag with attributes or a path in a code span; no box of a task.
_MARKUP = re.compile(r"\[(?! \] )|<(?:[!?]|[^\s<>][^<>]*[=:@])|`[ \n]?[\w@+./-]*\.[A-Za-z]")
# What a heading may hold that readers see otherwise than it is written.
_STYLED = re.compile(r"[\\\n`*_~\[<&]")
_TAG = re.compile(r"<([A-Za-z][\w-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(href|src|id|name)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>=`]+))", re.IGNORECASE
)
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:-->|\Z))", re.DOTALL)
# A path: folders and a name with a suffix, or a name alone; no spaces, no wildcards.
_MENTION = re.compile(
    r"(?:\.{1,2}/)*(?:[\w@+.-]+/)*[\w@+-][\w@+.-]*\.[A-Za-z][A-Za-z0-9]{0,7}(?:#\S*)?"
)
_CLOSERS = ("</{0}>", "-->", "?>", ">", "]]>")

_Origin = Callable[[int], int]


@dataclass
class Page:
    """A document being collected; `offset` is where the body starts, `first` its line from 0."""

    source: Source
    text: str
    first: int
    limits: Limits
    headings: list[tuple[int, int, int, str, str]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    mentions: list[Link] = field(default_factory=list)
    blocks: list[CodeBlock] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    definitions: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    slugs: Anchors = field(default_factory=Anchors)
    closer: str = ""

    def line_start(self, line: int) -> int:
        """The offset at which line `line` of the body, from 0, starts."""
        starts = self.source.starts
        return starts[self.first + line] if self.first + line < len(starts) else len(self.text)

    def line_text(self, line: int) -> str:
        """Line `line` of the body, from 0, without its line end."""
        start, end = self.line_start(line), self.line_start(line + 1)
        return self.text[start:end].removesuffix("\n")

    def fault(self, rule: str, start: int, end: int, message: str) -> None:
        """Note a fault of the text between two offsets."""
        self.faults.append(Fault(rule, self.source.path, start, end, message))


def collect(
    page: Page, tokens: list[Token], env: dict[str, Any], body: MarkdownIt, full: MarkdownIt
) -> None:
    """Walk the blocks once, in order, and note what is in them."""
    for token in tokens:  # definitions first: a link may come before its definition
        if token.type == "definition":
            _definition(page, token)
    heading: Token | None = None
    cell_line, cell_at = -1, 0
    deepest = page.limits.nesting - 1
    for at, token in enumerate(tokens):
        kind = token.type
        if token.level >= deepest:
            env["exceeded"].setdefault("nesting", token.map[0] if token.map else 0)
        if kind == "inline":
            assert token.map is not None  # noqa: S101  (the library always sets it)
            origin: _Origin | None = None
            if tokens[at - 1].type in ("th_open", "td_open"):
                if token.map[0] != cell_line:
                    cell_line, cell_at = token.map[0], 0
                origin, cell_at = _cell(page, token, cell_at)
            if _MARKUP.search(token.content) and "brackets" not in env["exceeded"]:
                _inline(page, token, env, body, origin or _origin(page, token))
            if heading is not None:
                _heading(page, heading, token, full, env)
                heading = None
        elif kind == "heading_open":
            heading = token
        elif kind in ("fence", "code_block"):
            _block(page, token)
        elif kind == "html_block":
            _html(page, token)


def _heading(
    page: Page, opening: Token, inline: Token, full: MarkdownIt, env: dict[str, Any]
) -> None:
    """A heading; one inside a quote or a list has an anchor but opens no section."""
    content = inline.content
    if len(content) > 1000 or not _STYLED.search(content):
        words = content
    else:
        known = {"references": env.get("references", {})}
        words = "".join(words_of(full.inline.parse(content, full, known, [])))
    anchor, title = page.slugs.add(words), " ".join(words.split())
    if opening.level:
        page.anchors.setdefault(anchor, len(page.headings))
        return
    assert opening.map is not None  # noqa: S101
    start, end = page.line_start(opening.map[0]), page.line_start(opening.map[1])
    page.headings.append((int(opening.tag[1]), start, end, anchor, title))
    page.anchors[anchor] = len(page.headings)


def words_of(tokens: list[Token]) -> Iterator[str]:
    """The text that a reader sees of inline tokens."""
    for token in tokens:
        if token.type in ("text", "code_inline", "text_special"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"


def _origin(page: Page, token: Token) -> _Origin:
    """Maps an offset in the token's content to the offset in the file that it came from."""
    assert token.map is not None  # noqa: S101
    marks, places, at = [], [], 0
    first, last = token.map
    lines = token.content.split("\n")
    # The library takes a first line of, say, no-break spaces for none at all.
    while first < last - 1 and lines[0].strip() not in page.line_text(first):
        first += 1
    for line, content in enumerate(lines, first):
        # What containers and headings put around a line is no part of its content.
        words = content.strip()
        column = page.line_text(line).rfind(words)
        indent = len(content) - len(content.lstrip())
        marks.append(at)
        places.append(page.line_start(line) + max(column, 0) - indent)
        at += len(content) + 1
    if len(marks) == 1:
        shift = places[0]
        return lambda offset: offset + shift

    def place(offset: int) -> int:
        i = bisect_right(marks, offset) - 1
        return places[i] + offset - marks[i]

    return place


def _cell(page: Page, token: Token, cursor: int) -> tuple[_Origin, int]:
    r"""The origin of a table's cell, searched from column `cursor`, and the column after it.

    Before a cell stand only spaces and pipes; a pipe inside it is written ``\|``.
    """
    assert token.map is not None  # noqa: S101
    content = token.content
    written = content.replace("|", r"\|")
    column = page.line_text(token.map[0]).find(written, cursor) if content else cursor
    column = cursor if column < 0 else column
    start = page.line_start(token.map[0]) + column
    if "|" in content:
        return (lambda at: start + at + content.count("|", 0, at)), column + len(written)
    return (lambda at: start + at), column + len(written)


def _inline(
    page: Page, token: Token, env: dict[str, Any], body: MarkdownIt, origin: _Origin
) -> None:
    """The links, mentions, comments and HTML in one stretch of text."""
    content = token.content
    found: list[Token] = []
    try:
        body.inline.parse(content, body, env, found)
    except LimitError as error:  # what was found before it counts
        env["exceeded"][error.limit] = token.map[0] if token.map else 0
    depth = 0
    stack = [(t, 0) for t in reversed(found)]
    while stack:
        child, shift = stack.pop()
        kind = child.type
        if kind == "link_close":
            depth -= 1
        if kind == "link_open":
            depth += 1
        if "span" not in child.meta:
            continue
        start, end = (at + shift for at in child.meta["span"])
        if kind in ("link_open", "image"):
            _link(page, child, content, start, end, origin)
            if kind == "image":  # its text was parsed by itself, from after "!["
                stack.extend((t, start + 2) for t in reversed(child.children or ()))
        elif kind == "code_inline" and not depth:
            _mention(page, child, content, start, end, origin)
        elif kind == "html_inline":
            if child.content.startswith("<!--"):
                page.comments.append(Comment(child.content[4:-3], origin(start), origin(end)))
            else:
                _tags(page, child.content, partial(_shifted, origin, start))


def _shifted(origin: _Origin, start: int, at: int) -> int:
    return origin(start + at)


def _link(page: Page, token: Token, content: str, start: int, end: int, origin: _Origin) -> None:
    image = token.type == "image"
    target = str(token.attrGet("src" if image else "href") or "")
    kind: LinkKind = "inline"
    target_at = (-1, -1)
    text = content[start:end]
    if token.markup == "autolink":
        kind, text = "autolink", text[1:-1]
        target_at = (origin(start + 1), origin(end - 1))
    elif "label" in token.meta:
        kind = "reference"
        text = text[1 + image :].partition("]")[0]
        if token.meta["label"] in page.definitions:
            target_at = page.definitions[token.meta["label"]][1:]
    else:
        # The last "](" before which the brackets are even starts the destination.
        at = _destination(content, start + image, end)
        text = content[start + image + 1 : at - 2] if at > 0 else text
        if at > 0:
            while at < end and content[at] in " \t\n":
                at += 1
            result = parseLinkDestination(content, at, end)
            angle = content[at : at + 1] == "<"
            target_at = (origin(at + angle), origin(max(at, result.pos - angle)))
    page.links.append(Link(kind, target, text, origin(start), origin(end), image, *target_at))


def _destination(content: str, start: int, end: int) -> int:
    """The offset after the ``](`` that ends the text of the inline link at `start`; -1: none."""
    depth, at = 0, start
    while at < end:
        char = content[at]
        if char == "\\":
            at += 1
        elif char == "`":
            run = len(content) - len(content[at:].lstrip("`")) - at
            close = content.find("`" * run, at + run, end)
            at = close + run - 1 if close != -1 else at + run - 1
        elif char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
            if depth == 0:
                return at + 2 if content.startswith("](", at) else -1
        at += 1
    return -1


def _mention(page: Page, token: Token, content: str, start: int, end: int, origin: _Origin) -> None:
    """A code span that is a path."""
    path = token.content
    if len(path) > 300 or not _MENTION.fullmatch(path):
        return
    at = content.find(path, start, end)
    if at != -1:
        page.mentions.append(
            Link(
                "mention",
                path,
                path,
                origin(at),
                origin(at + len(path)),
                False,
                origin(at),
                origin(at + len(path)),
            )
        )


def _definition(page: Page, token: Token) -> None:
    """Where the target of a link definition stands; the first of a label counts."""
    assert token.map is not None  # noqa: S101
    label = token.meta["id"]
    start, end = page.line_start(token.map[0]), page.line_start(token.map[1])
    at = page.text.find("]:", start, end)
    while at != -1 and normalizeReference(page.text[page.text.find("[", start) + 1 : at]) != label:
        at = page.text.find("]:", at + 1, end)
    target = token.meta["url"]
    written = page.text.find(target, at + 2, end) if at != -1 and target else -1
    place = (written, written + len(target)) if written != -1 else (-1, -1)
    page.definitions.setdefault(label, (target, *place))


def _block(page: Page, token: Token) -> None:
    """A block of code."""
    assert token.map is not None  # noqa: S101
    first, last = token.map
    text = token.content
    if text and not text.endswith("\n"):
        text += "\n"
    fence = token.markup
    info = token.info.strip()
    closed = not fence or last - first - 1 > text.count("\n")
    line = page.line_text(first)
    start = page.line_start(first) + (line.find(fence) if fence else len(line) - len(line.lstrip()))
    end = page.line_start(last - 1) + len(page.line_text(last - 1).rstrip())
    word = info.partition(" ")[0].strip("{}").removeprefix(".").lower()
    number = page.first + first + (2 if fence else 1)
    at = len(page.headings)
    page.blocks.append(CodeBlock(word, info, text, start, end, number, fence, closed, at))
    if not closed:
        if not any(f.rule == "fence-unclosed" for f in page.faults):
            until = "its list or quote ends" if end < len(page.text.rstrip()) else "the file ends"
            message = f"no line {fence} closes this block before {until}"
            page.fault("fence-unclosed", start, start + len(fence), message)
        if token.level == 0:
            page.closer = fence


def _html(page: Page, token: Token) -> None:
    """A block of HTML: its comments, links and anchors, and what it leaves open."""
    assert token.map is not None  # noqa: S101
    origin = _origin(
        page, Token("inline", "", 0, map=token.map, content=token.content.rstrip("\n"))
    )
    content = token.content
    if "<!--" in content:
        for match in _COMMENT.finditer(content):
            start, end = origin(match.start()), origin(min(match.end(), len(content.rstrip("\n"))))
            page.comments.append(Comment(match[0][4:].removesuffix("-->"), start, end))
        content = _COMMENT.sub(lambda m: " " * len(m[0]), content)
    _tags(page, content, origin)
    for (opening, closing, _), closer in zip(HTML_SEQUENCES[:5], _CLOSERS, strict=True):
        found = opening.search(token.content.lstrip())
        if found:
            if not any(closing.search(line) for line in token.content.split("\n")):
                if token.level == 0:  # else the list or quote around it ends it
                    page.closer = closer.format(found[1] if found.groups() else "")
                if closer == "-->":
                    start = origin(token.content.find("<!--"))
                    message = "no --> closes this comment; what follows is hidden"
                    page.fault("comment-unclosed", start, start + 4, message)
            return


def _tags(page: Page, content: str, origin: _Origin) -> None:
    """The ``href``, ``src``, ``id`` and ``name`` of HTML tags."""
    if "<" not in content:
        return
    for tag in _TAG.finditer(content):
        for match in _ATTRIBUTE.finditer(tag[2]):
            group = next(g for g in (2, 3, 4) if match[g] is not None or g == 4)
            value, name = match[group] or "", match[1].lower()
            if name in ("id", "name"):
                page.anchors.setdefault(value, len(page.headings))
                continue
            start = tag.start(2) + match.start(group)
            page.links.append(
                Link(
                    "html",
                    value,
                    "",
                    origin(tag.start()),
                    origin(tag.end()),
                    name == "src",
                    origin(start),
                    origin(start + len(value)),
                )
            )
