"""parse: a Markdown source as a document, everything in it at its exact place.

The only file that knows Markdown. CommonMark and GitHub's tables, by markdown-it-py. That library
gives blocks their lines and inline markup no place at all, so its inline rules are wrapped to note
where they begin and end, and each line of inline text is found again in the line it came from.
Only text that can hold a link, code or HTML is parsed inline: the rest has nothing to tell.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.helpers import parseLinkDestination
from markdown_it.rules_block.html_block import HTML_SEQUENCES
from markdown_it.token import Token

from mlskill import frontmatter
from mlskill.anchors import Anchors
from mlskill.model import (
    LIMITS,
    CodeBlock,
    Comment,
    Document,
    Fault,
    Limits,
    Link,
    LinkKind,
    Section,
    Source,
)

_MARKUP = re.compile(r"[\[<`]")
_TAG = re.compile(r"<([A-Za-z][\w-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(href|src|id|name)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>=`]+))", re.IGNORECASE
)
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:-->|\Z))", re.DOTALL)
# A path: folders and a name with a suffix, or a name alone; no spaces, no wildcards.
_MENTION = re.compile(
    r"(?:\.{1,2}/)*(?:[\w@+.-]+/)*[\w@+-][\w@+.-]*\.[A-Za-z][A-Za-z0-9]{0,7}(?:#\S*)?"
)
_LOCATED = ("backticks", "link", "image", "autolink", "html_inline")
_BUDGETS = ("table_cells", "blocks", "brackets")
_CLOSERS = ("</{0}>", "-->", "?>", ">", "]]>")

_Origin = Callable[[int], int]
_InlineRule = Callable[[Any, bool], bool]
_BlockRule = Callable[[Any, int, int, bool], bool]


class _LimitError(Exception):
    """A limit was reached; `tokens` is what was read until then."""

    def __init__(self, limit: str, tokens: list[Token]) -> None:
        super().__init__(limit)
        self.limit, self.tokens = limit, tokens


def _located(rule: _InlineRule) -> _InlineRule:
    """An inline rule that notes, on the token it opens, where its markup begins and ends."""

    def wrapped(state: Any, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens) + bool(state.pending)
        if not rule(state, silent):
            return False
        if not silent and count < len(state.tokens):  # lone backticks match, but open nothing
            state.tokens[count].meta["span"] = (start, state.pos)
        return True

    return wrapped


def _counted(rule: _InlineRule) -> _InlineRule:
    """The link rule, which looks ahead at every bracket: so many times and no more."""

    def wrapped(state: Any, silent: bool) -> bool:
        if state.src[state.pos] != "[":
            return False
        state.env["brackets"] -= 1
        if state.env["brackets"] < 0:
            raise _LimitError("brackets", [])
        return rule(state, silent)

    return wrapped


def _budget(state: Any, start: int, end: int, silent: bool) -> bool:
    """A block rule that never matches: it ends the parsing of a file with too many blocks."""
    if len(state.tokens) > state.env["blocks"]:
        raise _LimitError("blocks", state.tokens)
    return False


def _short(rule: _BlockRule) -> _BlockRule:
    """The rule for link definitions, which reads on, line by line, for the end of a title."""

    def wrapped(state: Any, start: int, end: int, silent: bool) -> bool:
        last, state.lineMax = state.lineMax, min(state.lineMax, start + 50)
        try:
            return rule(state, start, end, silent)
        finally:
            state.lineMax = last

    return wrapped


def _small(rule: _BlockRule) -> _BlockRule:
    """The table rule, until the file's tables have more cells than the limit."""

    def wrapped(state: Any, start: int, end: int, silent: bool) -> bool:
        if silent or "|" not in state.src[state.bMarks[start] : state.eMarks[start]]:
            return rule(state, start, end, silent)
        last = start
        while last < end and not state.isEmpty(last):
            last += 1
        columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
        if state.env["table_cells"] < columns * (last - start):
            # Only a real table counts: ask the rule without letting it build anything.
            if rule(state, start, end, True):
                state.env["exceeded"].setdefault("table_cells", start)
            return False
        done = rule(state, start, end, silent)
        state.env["table_cells"] -= columns * (state.line - start) if done else 0
        return done

    return wrapped


class _Markdown(MarkdownIt):
    """Leaves targets as they are written, and takes unsafe ones too: they are to be reported."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link

    def validateLink(self, url: str) -> bool:  # noqa: N802
        return True


@cache
def _markdown(nesting: int) -> tuple[MarkdownIt, MarkdownIt]:
    """Two parsers: for blocks and what is looked for in them, and for headings' full text."""
    body = _Markdown("commonmark", {"store_labels": True, "inline_definitions": True})
    full = _Markdown("commonmark").enable("strikethrough")
    body.options["maxNesting"] = full.options["maxNesting"] = nesting
    body.core.ruler.enableOnly(["block"])
    body.inline.ruler.enableOnly(["text", "escape", *_LOCATED])
    body.inline.ruler2.enableOnly([])
    inline = {rule.name: rule.fn for rule in body.inline.ruler.__rules__}
    inline["link"] = _counted(inline["link"])
    for name in _LOCATED:
        body.inline.ruler.at(name, _located(inline[name]))
    for rule in list(body.block.ruler.__rules__):
        if rule.name in ("table", "reference"):
            bounded = (_small if rule.name == "table" else _short)(rule.fn)
            body.block.ruler.at(rule.name, bounded, {"alt": rule.alt})
    body.block.ruler.before("table", "budget", _budget)
    return body.enable(["table", "budget"]), full


@dataclass
class _Page:
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
        start, end = self.line_start(line), self.line_start(line + 1)
        return self.text[start:end].removesuffix("\n")

    def fault(self, rule: str, start: int, end: int, message: str) -> None:
        self.faults.append(Fault(rule, self.source.path, start, end, message))


def parse(source: Source, *, limits: Limits = LIMITS) -> Document:
    r"""The document that `source` holds. Never raises: what cannot be read is a fault.

    >>> document = parse(Source("a.md", b"", "# A\n\nSee [b](b.md#c).\n\n## B\n"))
    >>> [(s.level, s.anchor, s.title) for s in document.sections]
    [(0, '', 'A'), (1, 'a', 'A'), (2, 'b', 'B')]
    >>> link = document.links[0]
    >>> link.target, str(document.place(link)), document.text[link.target_start : link.target_end]
    ('b.md#c', 'a.md:3:5', 'b.md#c')
    """
    front = frontmatter.split(source, limits=limits)
    first = (
        source.line_of(front.end) - 1 if front.end < len(source.text) else len(source.starts) - 1
    )
    # markdown-it shows NUL as U+FFFD; the same here, so that its text is found in ours.
    page = _Page(source, source.text.replace("\0", "\ufffd"), first, limits)
    body, full = _markdown(limits.nesting)
    env: dict[str, Any] = {name: getattr(limits, name) for name in _BUDGETS} | {"exceeded": {}}
    stop = len(page.text)
    if len(source.starts) > limits.lines:
        stop = source.starts[limits.lines]
        env["exceeded"]["lines"] = limits.lines - first
    try:
        tokens = body.parse(page.text[front.end : stop], env)
    except _LimitError as error:
        tokens = error.tokens
        ends = [token.map[1] for token in tokens if token.map]
        env["exceeded"][error.limit] = max(ends, default=0)
    _collect(page, tokens, env, body, full)
    for name, line in env["exceeded"].items():
        at = page.line_start(line)
        message = (
            f"more than {getattr(limits, name)} {name.replace('_', ' ')}; the rest is not read"
        )
        page.fault("limit-reached", at, at + len(page.line_text(line)), message)
    sections = _sections(page, front.end)
    return Document(
        source=source,
        frontmatter=front,
        sections=sections,
        links=tuple(page.links),
        mentions=tuple(page.mentions),
        blocks=tuple(page.blocks),
        comments=tuple(page.comments),
        anchors=page.anchors,
        closer=page.closer,
        faults=tuple(page.faults),
    )


def _collect(
    page: _Page, tokens: list[Token], env: dict[str, Any], body: MarkdownIt, full: MarkdownIt
) -> None:
    """Walk the blocks once, in order, and note what is in them."""
    for token in tokens:  # definitions first: a link may come before its definition
        if token.type == "definition":
            _definition(page, token)
    heading: Token | None = None
    cell_line, cell_at = -1, 0
    for at, token in enumerate(tokens):
        kind = token.type
        if token.level >= page.limits.nesting - 1:
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
                _heading(page, heading, token, full)
                heading = None
        elif kind == "heading_open":
            heading = token
        elif kind in ("fence", "code_block"):
            _block(page, token)
        elif kind == "html_block":
            _html(page, token)


def _heading(page: _Page, opening: Token, inline: Token, full: MarkdownIt) -> None:
    """A heading; one inside a quote or a list has an anchor but opens no section."""
    content = inline.content
    if content.isalnum() or len(content) > 1000:
        title = content
    else:
        children = full.parseInline(content)[0].children or []
        title = " ".join("".join(_words(children)).split())
    anchor = page.slugs.add(title)
    if opening.level:
        page.anchors.setdefault(anchor, len(page.headings))
        return
    assert opening.map is not None  # noqa: S101
    start, end = page.line_start(opening.map[0]), page.line_start(opening.map[1])
    page.headings.append((int(opening.tag[1]), start, end, anchor, title))
    page.anchors[anchor] = len(page.headings)


def _words(tokens: list[Token]) -> Iterator[str]:
    """The text that a reader sees of inline tokens."""
    for token in tokens:
        if token.type in ("text", "code_inline", "text_special"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield " "


def _origin(page: _Page, token: Token) -> _Origin:
    """Maps an offset in the token's content to the offset in the file that it came from."""
    assert token.map is not None  # noqa: S101
    marks, places, at = [], [], 0
    for line, content in enumerate(token.content.split("\n"), token.map[0]):
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


def _cell(page: _Page, token: Token, cursor: int) -> tuple[_Origin, int]:
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
    page: _Page, token: Token, env: dict[str, Any], body: MarkdownIt, origin: _Origin
) -> None:
    """The links, mentions, comments and HTML in one stretch of text."""
    content = token.content
    found: list[Token] = []
    try:
        body.inline.parse(content, body, env, found)
    except _LimitError as error:  # what was found before it counts
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


def _link(page: _Page, token: Token, content: str, start: int, end: int, origin: _Origin) -> None:
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


def _mention(
    page: _Page, token: Token, content: str, start: int, end: int, origin: _Origin
) -> None:
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


def _definition(page: _Page, token: Token) -> None:
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


def _block(page: _Page, token: Token) -> None:
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
            page.fault(
                "fence-unclosed",
                start,
                start + len(fence),
                f"no line {fence} closes this block; what follows is code",
            )
        if token.level == 0:
            page.closer = fence


def _html(page: _Page, token: Token) -> None:
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
                page.closer = closer.format(found[1] if found.groups() else "")
                if closer == "-->":
                    start = origin(token.content.find("<!--"))
                    message = "no --> closes this comment; what follows is hidden"
                    page.fault("comment-unclosed", start, start + 4, message)
            return


def _tags(page: _Page, content: str, origin: _Origin) -> None:
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


def _sections(page: _Page, start: int) -> tuple[Section, ...]:
    """Headings as nested spans; the first section is the whole body."""
    end = len(page.source.text)
    headings = page.headings
    title = headings[0][4] if headings else ""
    first = headings[0][1] if headings else end
    sections = [Section("", title, 0, start, start, first, end, None)]
    open_: list[int] = [0]
    ends: dict[int, int] = {}
    parents: list[int] = []
    for at, (level, begin, *_) in enumerate(headings, 1):
        while len(open_) > 1 and headings[open_[-1] - 1][0] >= level:
            ends[open_.pop()] = begin
        parents.append(open_[-1])
        open_.append(at)
    for at, (level, begin, body, anchor, title) in enumerate(headings, 1):
        text_end = headings[at][1] if at < len(headings) else end
        stop = ends.get(at, end)
        sections.append(Section(anchor, title, level, begin, body, text_end, stop, parents[at - 1]))
    return tuple(sections)
