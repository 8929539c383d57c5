"""markdown-it-py within bounds: what it would read for minutes is left, and said to be left.

Its inline rules are wrapped to note where their markup begins and ends, which the library does not
tell; its block rules, so that no file costs more than a few seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from mlskill.model import Limits
from mlskill.parser.quick import BlockRule, InlineRule, quicken_blocks, quicken_inline

BUDGETS = ("table_cells", "blocks", "brackets")
"""The limits that are used up while a file is parsed; see `Limits`."""

SHARED = ("table_cells", "blocks", "brackets")
"""Those of which the files of a skill together have less than each of them alone."""

_LOCATED = ("backticks", "link", "image", "autolink", "html_inline")


@dataclass
class Allowance:
    """What the Markdown files of one skill may still take together; each parsed file takes some."""

    skill_characters: int
    skill_table_cells: int
    skill_blocks: int
    skill_brackets: int

    @classmethod
    def of(cls, limits: Limits) -> Allowance:
        """What a skill has before any of it is parsed."""
        return cls(
            limits.skill_characters,
            limits.skill_table_cells,
            limits.skill_blocks,
            limits.skill_brackets,
        )

    def budgets(self, limits: Limits) -> dict[str, int]:
        """What the next file may take."""
        budgets: dict[str, int] = {name: getattr(limits, name) for name in BUDGETS}
        for name in SHARED:
            budgets[name] = min(budgets[name], getattr(self, f"skill_{name}"))
        return budgets

    def take(self, before: dict[str, int], left: dict[str, Any], characters: int) -> None:
        """Note what a file of so many characters took of its budgets."""
        self.skill_characters -= characters
        for name in SHARED:
            taken = before[name] - max(0, left[name])
            setattr(self, f"skill_{name}", getattr(self, f"skill_{name}") - taken)


class LimitError(Exception):
    """A limit was reached; `tokens` is what was read until then."""

    def __init__(self, limit: str, tokens: list[Token]) -> None:
        super().__init__(limit)
        self.limit, self.tokens = limit, tokens


def _located(rule: InlineRule) -> InlineRule:
    """An inline rule that notes, on the token it opens, where its markup begins and ends."""

    def wrapped(state: Any, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens) + bool(state.pending)
        if not rule(state, silent):
            return False
        if not silent and count < len(state.tokens):  # lone backticks match, but open nothing
            state.tokens[count].meta["span"] = (start, state.pos)
        return True

    return wrapped


def _counted(rule: InlineRule, opening: str) -> InlineRule:
    """The rule for links or images, which looks ahead at every bracket: so many times, no more."""

    def wrapped(state: Any, silent: bool) -> bool:
        if not state.src.startswith(opening, state.pos):
            return False
        state.env["brackets"] -= 1
        if state.env["brackets"] < 0:
            raise LimitError("brackets", [])
        return rule(state, silent)

    return wrapped


def _budget(state: Any, start: int, end: int, silent: bool) -> bool:
    """A block rule that never matches: it ends the parsing of a file with too many blocks."""
    if len(state.tokens) > state.env["blocks"]:
        raise LimitError("blocks", state.tokens)
    return False


def _short(rule: BlockRule) -> BlockRule:
    """The rule for link definitions, which reads on, line by line, for the end of a title."""

    def wrapped(state: Any, start: int, end: int, silent: bool) -> bool:
        last, state.lineMax = state.lineMax, min(state.lineMax, start + 50)
        try:
            return rule(state, start, end, silent)
        finally:
            state.lineMax = last

    return wrapped


def _small(rule: BlockRule) -> BlockRule:
    """The table rule, until the file's tables have more cells than the limit."""

    def wrapped(state: Any, start: int, end: int, silent: bool) -> bool:
        if "table_cells" in state.env["exceeded"]:  # what was left once is not counted again
            return False
        if state.src.find("|", state.bMarks[start], state.eMarks[start]) < 0:
            return False
        if silent:
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
def markdown(nesting: int) -> tuple[MarkdownIt, MarkdownIt]:
    """Two parsers: for blocks and what is looked for in them, and for headings' full text."""
    body = _Markdown("commonmark", {"store_labels": True, "inline_definitions": True})
    full = _Markdown("commonmark").enable("strikethrough")
    body.options["maxNesting"] = full.options["maxNesting"] = nesting
    body.core.ruler.enableOnly(["block"])
    body.inline.ruler.enableOnly(["text", "escape", *_LOCATED])
    body.inline.ruler2.enableOnly([])
    inline = {rule.name: rule.fn for rule in body.inline.ruler.__rules__}
    inline["link"] = _counted(inline["link"], "[")
    inline["image"] = _counted(inline["image"], "![")
    for name in _LOCATED:
        body.inline.ruler.at(name, _located(inline[name]))
    quicken_inline(body)
    quicken_blocks(_bounded(body))
    return body, full


@cache
def page(nesting: int) -> MarkdownIt:
    """A parser for pages that people read: all of the markup, within the same bounds.

    Its `env` is to hold `BUDGETS` and a dictionary ``exceeded``, as for `markdown`.
    """
    full = _Markdown("commonmark", {"tasklists": True, "alerts": True})
    full.enable("strikethrough").options["maxNesting"] = nesting
    rules = {rule.name: rule.fn for rule in full.inline.ruler.__rules__}
    full.inline.ruler.at("link", _counted(rules["link"], "["))
    full.inline.ruler.at("image", _counted(rules["image"], "!["))
    return _bounded(full)


def _bounded(body: MarkdownIt) -> MarkdownIt:
    """`body` with tables, and with block rules that keep to the limits."""
    for rule in list(body.block.ruler.__rules__):
        if rule.name in ("table", "reference"):
            bounded = (_small if rule.name == "table" else _short)(rule.fn)
            body.block.ruler.at(rule.name, bounded, {"alt": rule.alt})
    body.block.ruler.before("table", "budget", _budget)
    return body.enable(["table", "budget"])
