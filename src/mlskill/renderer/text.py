"""Surgery on a document's text: every edit is made at offsets that the parser gave.

Nothing here searches the text for markup, so what stands in a code block is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mlskill import parser
from mlskill.model import Document, Section, Source

Edit = tuple[int, int, str]
"""Replace what lies between two offsets by a text."""

_ROUNDS = 4
_WRAPPERS = ("available_skills", "skill_content", "skill_resources")
# What may stand between "<" and the name ends at any letter or bracket, so this is linear.
_WRAPPER = re.compile(rf"<(?=[^\w<>]*(?:{'|'.join(_WRAPPERS)})\b)", re.IGNORECASE)
_BLANK = re.compile(r"\A(?:[ \t]*\n)+")
_BREAK = re.compile(r"\\?\n[ \t]*")


def apply(text: str, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> str:
    """`text` from `start` to `end` with `edits` made; of two that overlap, the first is made.

    >>> apply("one two three", [(4, 7, "2"), (6, 9, "x"), (0, 3, "1")])
    '1 2 three'
    """
    end = len(text) if end is None else end
    parts: list[str] = []
    at = start
    for first, last, new in sorted(edits):
        if at <= first and last <= end:
            parts += (text[at:first], new)
            at = last
    return "".join((*parts, text[at:end]))


def clean(document: Document) -> Document:
    """`document` without its HTML comments: they cost tokens and hide instructions."""
    for _ in range(_ROUNDS):
        if not document.comments:
            return document
        document = _edited(document, [_uncomment(document.text, c) for c in _comments(document)])
    # Each round may uncover a comment. Who nests them on purpose gets to see them as text.
    return _edited(document, [(start, start + 1, "&lt;") for start, _ in _comments(document)])


def _edited(document: Document, edits: list[Edit]) -> Document:
    source = document.source
    return parser.parse(Source(source.path, source.raw, apply(source.text, edits)))


def _comments(document: Document) -> Iterator[tuple[int, int]]:
    """Where the comments are; those with nothing but spaces between them are one."""
    first = last = -1
    for comment in document.comments:
        if document.text.startswith("<!--", comment.start):
            if first >= 0 and not document.text[last : comment.start].strip(" \t"):
                last = max(last, comment.end)
                continue
            if first >= 0:
                yield first, last
            first, last = comment.start, comment.end
    if first >= 0:
        yield first, last


def _uncomment(text: str, span: tuple[int, int]) -> Edit:
    """A comment on lines of its own goes with its lines; the blocks around it stay apart."""
    start, end = span
    first, last = start, end
    while text[first - 1 : first] in (" ", "\t"):
        first -= 1
    while text[last : last + 1] in (" ", "\t"):
        last += 1
    opens, closes = text[first - 1 : first] in ("", "\n"), text[last : last + 1] in ("", "\n")
    if opens and closes:
        if not text.endswith("\n\n", 0, first):
            return first, last, ""
        last = min(last + 1, len(text))
        return first, last + text.startswith("\n", last), ""
    if closes:
        return first, end, ""
    # What it kept apart must not become markup: "[a]<!-- -->(b)" is no link.
    before, after = text[start - 1 : start], text[end : end + 1]
    apart = before.strip() and after.strip() and not (before + after).isalnum()
    return start, end, " " if apart else ""


def body(document: Document, edits: Iterable[Edit] = (), start: int = 0, end: int = -1) -> str:
    """The text from `start` to `end`, edited, blank edges gone, and nothing in it left open."""
    end = len(document.text) if end < 0 else end
    text = apply(document.text, edits, max(start, document.frontmatter.end), end)
    text = _BLANK.sub("", text, count=1)
    if document.closer and end == len(document.text):
        return text + "\n" * (not text.endswith("\n")) + document.closer
    kept = text.rstrip(" \t\n")
    # The spaces that end the last line may belong to a block of code.
    return kept and kept + text[len(kept) :].partition("\n")[0]


def shift(document: Document, by: int) -> Iterator[Edit]:
    """The edits that move every section's heading `by` levels down, to six at most."""
    for section in document.sections[1:]:
        if level(section, by) != section.level:
            span = section.start, section.body_start
            yield from _relevel(document.text, *span, level(section, by))


def level(section: Section, by: int) -> int:
    """The level of `section`, `by` levels down."""
    return max(1, min(6, section.level + by))


def _relevel(text: str, start: int, end: int, new: int) -> Iterator[Edit]:
    written = text[start:end].rstrip("\n")
    start, end = start + len(written) - len(written.lstrip(" \t")), start + len(written)
    content, underlined, _ = text[start:end].rpartition("\n")
    if not underlined:
        marks = end - start - len(text[start:end].lstrip("#"))
        yield start, start + marks, "#" * new
        return
    # An underlined heading knows two levels only and may have several lines.
    stop = start + len(content)
    yield start, start, "#" * new + " "
    yield from ((*found.span(), " ") for found in _BREAK.finditer(text, start, stop))
    yield stop, end, " #" if content.rstrip().endswith("#") else ""


def neutral(text: str) -> str:
    """`text` with no tag in it that could open or close one of our wrappers.

    >>> neutral("a < b, <b>bold</b>, </ Skill_Content>")
    'a < b, <b>bold</b>, &lt;/ Skill_Content>'
    """
    return _WRAPPER.sub("&lt;", text)


def line(text: str) -> str:
    """`text` on one line, without control and other invisible characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def inline(text: str) -> str:
    r"""A value as part of one Markdown line: it opens no block, no cell, no tag and no link.

    >>> inline("a | b\n# <!-- [x](y)")
    'a &#124; b # &lt;!-- [x]\\(y)'
    """
    return line(text).replace("<", "&lt;").replace("|", "&#124;").replace("](", "]\\(")


def code(text: str) -> str:
    """A value as a code span that it cannot close.

    >>> code("sub-skills/a.md"), code("a`b")
    ('`sub-skills/a.md`', '`` a`b ``')
    """
    text = line(text).replace("|", "\\|")
    if "`" not in text:
        return f"`{text}`"
    longest = max(len(run) for run in re.findall("`+", text))
    return f"{'`' * (longest + 1)} {text} {'`' * (longest + 1)}"


def shorten(text: str, most: int = 200) -> str:
    """The first words of `text`, with ``…`` where something was left out."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    return (text[:most].rpartition(" ")[0] or text[:most]) + " …"
