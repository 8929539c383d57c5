"""quick: markdown-it-py asked less, for the same answers.

The library asks all of its rules about each line and each character, and gives each of its tokens
all that a renderer may want. Here a rule is asked only where it can match, and a token holds only
what `collect` reads. That both find the same is tested.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

InlineRule = Callable[[Any, bool], bool]
BlockRule = Callable[[Any, int, int, bool], bool]

_OPENS = {
    "fence": "`~",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*+-0123456789",
    "reference": "[",
    "html_block": "<",
    "heading": "#",
}
"""The characters with which a line begins that these block rules match."""

_STARTS = {
    "escape": "\\",
    "backticks": "`",
    "link": "[",
    "image": "!",
    "autolink": "<",
    "html_inline": "<",
}
"""The character with which begins what these inline rules match."""

_STOP = re.compile(r"[\\`\[\]!<]")
"""Where one of them may begin, or the text of a link end."""

_AHEAD = 10
"""Lines in which an underline is looked for, from each line on: a long list has no empty one."""


def blocks(markdown: MarkdownIt, text: str, env: dict[str, Any]) -> list[Token]:
    """The tokens of the blocks of `text`."""
    state = _State(text, markdown, env)
    markdown.block.tokenize(state, 0, state.lineMax)
    return state.tokens


class _State(StateBlock):
    """A text of which the blocks are looked for."""

    def __init__(self, src: str, md: MarkdownIt, env: dict[str, Any]) -> None:
        super().__init__("", md, env, [])
        self.src = src
        lines = src.split("\n")
        if not lines[-1].strip(" \t"):  # what ended the line before it is none itself
            lines.pop()
        starts = [*accumulate((len(line) + 1 for line in lines), initial=0)]
        indents = [len(line) - len(line.lstrip(" \t")) for line in lines]
        # Each list ends with what stands for the line after the last.
        self.bMarks = [*starts[:-1], len(src)]
        self.eMarks = [*(start - 1 for start in starts[1:]), len(src)]
        self.tShift = [*indents, 0]
        self.sCount = [*map(_width, lines, indents), 0] if "\t" in src else [*indents, 0]
        self.bsCount = [0] * len(self.bMarks)
        self.lineMax = len(lines)
        self._closing = _Token("closing", "", -1)

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """The next token; one stands for all that close a block, as they say nothing."""
        if nesting < 0:
            self.level -= 1
            token = self._closing
        else:
            token = _Token(ttype, tag, nesting)
            token.level = self.level
            self.level += nesting
        self.tokens.append(token)
        return token


class _Token(Token):
    """A token of a block without what only renderers use; it takes half the time to make."""

    __slots__ = ()

    def __init__(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> None:
        self.type, self.tag, self.nesting, self.level = ttype, tag, nesting, 0
        self.content = self.markup = self.info = ""
        self.map = None


def _width(line: str, indent: int) -> int:
    """The columns that the first `indent` characters of `line` take."""
    return len(line[:indent].expandtabs(4))


def quicken_inline(markdown: MarkdownIt) -> None:
    """Put one rule in the place of all inline rules; nothing may be enabled after it."""
    ruler = markdown.inline.ruler
    active = {rule.name: rule.fn for rule in ruler.__rules__ if rule.enabled}
    by_char: dict[str, list[InlineRule]] = {"]": []}
    for name, char in _STARTS.items():
        by_char.setdefault(char, []).append(active[name])

    others = [active["text"]]

    def first(state: Any, silent: bool) -> bool:
        return any(rule(state, silent) for rule in by_char.get(state.src[state.pos], others))

    markdown.inline.terminator_re = _STOP  # where the rule for text ends
    ruler.at("text", first)
    ruler.enableOnly(["text"])


def quicken_blocks(markdown: MarkdownIt) -> None:
    """Put one rule in the place of each chain of block rules; nothing may be enabled after it."""
    ruler = markdown.block.ruler
    for rule in ruler.__rules__:
        if rule.name == "lheading":
            rule.fn = _underlined(rule.fn)
    names = {rule.fn: rule.name for rule in ruler.__rules__}
    ruler.getRules()
    for rules in (ruler.__cache__ or {}).values():
        rules[:] = [_dispatched(names, [*rules])] if rules else []


def _dispatched(names: dict[BlockRule, str], rules: list[BlockRule]) -> BlockRule:
    """One block rule for `rules`: it asks those that the first character of a line may open."""
    opened = "".join(_OPENS.values())

    def asked(char: str) -> list[BlockRule]:
        return [rule for rule in rules if char in _OPENS.get(names[rule], char)]

    by_char = {char: asked(char) for char in opened}
    others = [rule for rule in rules if names[rule] not in _OPENS]

    def first(state: Any, start: int, end: int, silent: bool) -> bool:
        at = state.bMarks[start] + state.tShift[start]
        for rule in by_char.get(state.src[at], others) if at < len(state.src) else rules:
            if rule(state, start, end, silent):
                return True
        return False

    return first


def _underlined(rule: BlockRule) -> BlockRule:
    """The rule for headings with a line below, which asks all others about each line until then."""

    def wrapped(state: Any, start: int, end: int, silent: bool) -> bool:
        for line in range(start + 1, min(end, start + 1 + _AHEAD)):
            first, last = state.bMarks[line] + state.tShift[line], state.eMarks[line]
            if first >= last:
                return False
            if state.src[first] in "-=" and not state.src[first:last].rstrip(" \t").strip("-="):
                return rule(state, start, end, silent)
        return start + 1 + _AHEAD < end and rule(state, start, end, silent)

    return wrapped
