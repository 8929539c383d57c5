"""parse: a Markdown source as a document, everything in it at its exact place.

The only part that knows Markdown, with `site`, which shows it to people by the same parser.
CommonMark and GitHub's tables, by markdown-it-py. That library gives blocks their lines and inline
markup no place at all, so its inline rules are wrapped to note where they begin and end, and each
line of inline text is found again in the line it came from. Only text that can hold a link, code or
HTML is parsed inline: the rest has nothing to tell.
"""

from __future__ import annotations

from typing import Any

from mlskill import frontmatter
from mlskill.model import LIMITS, Document, Fault, Frontmatter, Limits, Section, Source
from mlskill.parser.bounds import SHARED, Allowance, LimitError, markdown
from mlskill.parser.collect import Page, collect
from mlskill.parser.quick import blocks

__all__ = ["Allowance", "parse"]


_TOO = {
    "lines": "more than {} lines",
    "blocks": "more than {} tokens of blocks",
    "table_cells": "more than {} cells of tables",
    "brackets": "more than {} brackets that could start a link",
    "nesting": "quotes and lists nested deeper than {}",
    "skill_blocks": "more than {} tokens of blocks in the files of this skill",
    "skill_table_cells": "more than {} cells of tables in the files of this skill",
    "skill_brackets": "more than {} brackets that could start a link in the files of this skill",
}


def parse(
    source: Source, *, limits: Limits = LIMITS, allowance: Allowance | None = None
) -> Document:
    r"""The document that `source` holds. Never raises: what cannot be read is a fault.

    The files of one skill share an `allowance`; what is more than it is not parsed.

    >>> document = parse(Source("a.md", b"", "# A\n\nSee [b](b.md#c).\n\n## B\n"))
    >>> [(s.level, s.anchor, s.title) for s in document.sections]
    [(0, '', 'A'), (1, 'a', 'A'), (2, 'b', 'B')]
    >>> link = document.links[0]
    >>> link.target, str(document.place(link)), document.text[link.target_start : link.target_end]
    ('b.md#c', 'a.md:3:5', 'b.md#c')
    """
    allowance = allowance or Allowance.of(limits)
    if len(source.text) > allowance.skill_characters:
        return _unparsed(source, limits)
    front = frontmatter.split(source, limits=limits)
    first = (
        source.line_of(front.end) - 1 if front.end < len(source.text) else len(source.starts) - 1
    )
    # markdown-it shows NUL as U+FFFD; the same here, so that its text is found in ours.
    page = Page(source, source.text.replace("\0", "\ufffd"), first, limits)
    body, full = markdown(limits.nesting)
    budgets = allowance.budgets(limits)
    env: dict[str, Any] = {**budgets, "exceeded": {}}
    stop = len(page.text)
    if len(source.starts) > limits.lines:
        stop = source.starts[limits.lines]
        env["exceeded"]["lines"] = limits.lines - first
    try:
        tokens = blocks(body, page.text[front.end : stop], env)
    except LimitError as error:
        tokens = error.tokens
        ends = [token.map[1] for token in tokens if token.map]
        env["exceeded"][error.limit] = max(ends, default=0)
    collect(page, tokens, env, body, full)
    env["blocks"] -= len(tokens)
    allowance.take(budgets, env, len(source.text))
    for name, line in env["exceeded"].items():
        if name in SHARED and budgets[name] < getattr(limits, name):
            name = f"skill_{name}"
        at = page.line_start(line)
        message = f"{_TOO[name].format(getattr(limits, name))}; the rest is not read"
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


def _unparsed(source: Source, limits: Limits) -> Document:
    """`source` as a page of which only the text is known."""
    end = len(source.text)
    message = (
        f"with this file the skill has more than {limits.skill_characters} characters of Markdown; "
        "it is not parsed (limit skill_characters)"
    )
    return Document(
        source=source,
        frontmatter=Frontmatter(),
        sections=(Section("", "", 0, 0, 0, end, end, None),),
        faults=(Fault("limit-reached", source.path, 0, 0, message),),
    )


def _sections(page: Page, start: int) -> tuple[Section, ...]:
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
