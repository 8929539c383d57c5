"""markdown: a document's text as HTML in which nothing acts but what we put there.

The parser is the one that found sections, links and blocks, so that what it saw is what is shown.
Raw HTML is shown as text, but for a line break; comments, which no reader of the page would see
and a model reads, are shown folded. An address is written only if `Paper` gives it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from mlskill.anchors import Anchors
from mlskill.hidden import visible
from mlskill.model import LIMITS, Document, Section
from mlskill.parser import bounds
from mlskill.parser.collect import words_of
from mlskill.site.code import code

_BREAK = re.compile(r"(?i)<br\s*/?>")
_ID = re.compile(r"(?i)(?<![\w-])(?:id|name)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>=`]+))")
_TAGS = re.compile(r"<[A-Za-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_COMMENT = re.compile(r"\A<!--(.*?)-->\s*\Z", re.DOTALL)

OWN = "ui:"
"""How the ids of our own elements start; no heading's anchor holds a colon."""


@dataclass(frozen=True)
class Paper:
    """What a page is written on: where links lead, and what stands beside the text.

    `link` and `image` give the address for a target as written, or None for none. `head` is what
    follows a section's heading, `block` a block of code by the line of its fence. `notes` are HTML
    by the line of the file that they speak of; each stands after the block that holds the line.
    """

    link: Callable[[str], str | None]
    image: Callable[[str], str | None]
    head: Callable[[Section], str]
    block: Callable[[int, str, str, str], str]
    mentions: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[tuple[int, str]] = ()


def html(document: Document, paper: Paper, *, titled: bool = False) -> str:
    """The body of `document` as HTML; if `titled`, without the heading that it starts with."""
    text, front = document.text.replace("\0", "\ufffd"), document.frontmatter
    first = document.source.line_of(front.end) if front.end < len(text) else 1
    env: dict[str, Any] = {name: getattr(LIMITS, name) for name in bounds.BUDGETS}
    ids = {anchor for anchor in document.anchors if anchor and not anchor.startswith(OWN)}
    env |= {"exceeded": {}, "paper": paper, "first": first, "anchors": Anchors(), "ids": ids}
    env["sections"] = {document.source.line_of(s.start): s for s in document.sections[1:]}
    if any(fault.rule == "limit-reached" for fault in document.faults):
        return _plain(text[front.end :], paper)
    try:
        tokens = bounds.page(LIMITS.nesting).parse(text[front.end :], env)
    except bounds.LimitError:
        return _plain(text[front.end :], paper)
    if titled:
        env["anchors"].add("".join(words_of(tokens[1].children or [])))
        env["ids"].discard(document.sections[1].anchor)
        tokens = tokens[3:]
    return "".join(_blocks(tokens, env, paper, first))


def _plain(text: str, paper: Paper) -> str:
    """A text that is too much to be read as Markdown, as it is."""
    return "".join(note for _, note in paper.notes) + f"<pre class=plain>{code(text, '')}</pre>"


def _blocks(
    tokens: Sequence[Token], env: dict[str, Any], paper: Paper, first: int
) -> Iterator[str]:
    """Each block of the top level, and the notes on it."""
    renderer, options = _Renderer(), bounds.page(LIMITS.nesting).options
    notes = list(reversed(paper.notes))
    at = 0
    while at < len(tokens):
        end = at
        while tokens[end].nesting == 1 or tokens[end].level:
            end += 1
        lines = tokens[at].map or [0, 0]
        while notes and notes[-1][0] < first + lines[0]:
            yield notes.pop()[1]
        yield renderer.render(tokens[at : end + 1], options, env)
        while notes and notes[-1][0] < first + lines[1]:
            yield notes.pop()[1]
        at = end + 1
    yield from (note for _, note in reversed(notes))


class _Renderer(RendererHTML):
    """Markdown-it's own renderer, with our headings, links, images, blocks and no raw HTML."""

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return escape(visible(tokens[idx].content), quote=False)

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        words = tokens[idx].content
        shown = f"<code>{escape(visible(words), quote=False)}</code>"
        address = None if env.get("linked") else env["paper"].mentions.get(words)
        return f'<a href="{escape(address)}">{shown}</a>' if address else shown

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        anchor = env["anchors"].add("".join(words_of(tokens[idx + 1].children or [])))
        section = None if token.level or not token.map else _section(env, token.map[0])
        anchor = section.anchor if section else anchor
        env["ids"].discard(anchor)
        return f'<div class="head"><{token.tag} id="{escape(anchor)}">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token, opening = tokens[idx], tokens[idx - 2]
        section = None if token.level or not opening.map else _section(env, opening.map[0])
        return f"</{token.tag}>{env['paper'].head(section) if section else ''}</div>\n"

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        target = str(tokens[idx].attrGet("href") or "")
        address = env["paper"].link(target)
        env["linked"] = True
        if address is None:
            return f'<span class="dead" title="{escape(visible(_short(target)))}">'
        away = ' rel="noopener noreferrer nofollow"' if "://" in address else ""
        env["led"] = True
        return f'<a href="{escape(address)}"{away}>'

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        env["linked"] = False
        return "</a>" if env.pop("led", False) else "</span>"

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        target, paper = str(token.attrGet("src") or ""), env["paper"]
        words = visible(self.renderInlineAsText(token.children, options, env)) or "image"
        source = paper.image(target)
        if source is not None:
            return f'<img src="{escape(source)}" alt="{escape(words)}" loading="lazy">'
        address = None if env.get("linked") else paper.link(target)
        shown = f'<span class="picture">{escape(words)}</span>'
        if address is None:
            return shown
        return f'<a href="{escape(address)}" rel="noopener noreferrer nofollow">{shown}</a>'

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        line = env["first"] + (token.map[0] if token.map else 0)
        language = token.info.strip().partition(" ")[0].strip("{}").removeprefix(".").lower()
        block: str = env["paper"].block(line, language, token.info.strip(), token.content)
        return block

    code_block = fence

    def html_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _raw(tokens[idx].content, env, "pre")

    def html_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        words = tokens[idx].content
        return "<br>" if _BREAK.fullmatch(words) else _raw(words, env, "code")

    def list_item_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        checked = tokens[idx].meta.get("checked")
        if checked is None:
            return self.renderToken(tokens, idx, options, env)
        state, words = (" checked", "done") if checked else ("", "to do")
        box = f'<input type="checkbox" disabled{state} aria-label="{words}"> '
        return f'<li class="task">{box}'

    def ordered_list_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        start = tokens[idx].attrGet("start")
        return f'<ol start="{int(start)}">\n' if start is not None else "<ol>\n"

    def bullet_list_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "<ul>\n"

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return '<div class="table" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _cell(tokens[idx])

    td_open = th_open


def _cell(token: Token) -> str:
    """A cell of a table; its style is a class, because the page allows no inline styles."""
    style = str(token.attrGet("style") or "")
    side = style.partition(":")[2]
    return (
        f'<{token.tag} class="{side}">' if side in ("left", "right", "center") else f"<{token.tag}>"
    )


def _section(env: Any, line: int) -> Section | None:
    found: Section | None = env["sections"].get(env["first"] + line)
    return found


def _short(target: str) -> str:
    return target if len(target) <= 200 else f"{target[:200]}…"


def _raw(words: str, env: Any, tag: str) -> str:
    """Raw HTML as text, behind the anchors that it sets."""
    comment = _COMMENT.match(words)
    if comment and tag == "pre":
        shown = code(comment[1].strip("\n"), "")
        return f"<details class=comment><summary>comment</summary><pre>{shown}</pre></details>\n"
    marks = []
    for tag_ in _TAGS.finditer(words):
        for match in _ID.finditer(tag_[0]):
            anchor = match[1] or match[2] or match[3] or ""
            if anchor in env["ids"]:
                env["ids"].discard(anchor)
                marks.append(f'<span id="{escape(anchor)}"></span>')
    shown = code(words.rstrip("\n"), "html" if tag == "pre" else "")
    inner = f'<{tag} class="raw">{shown}</{tag}>'
    return "".join(marks) + (inner if _visible(words) else "")


def _visible(words: str) -> bool:
    """Whether raw HTML is worth showing: an anchor alone is not."""
    return not re.fullmatch(r"(?i)\s*(<a\s+(id|name)=[\"']?[\w.-]+[\"']?\s*/?>|</a>|\s)+", words)
