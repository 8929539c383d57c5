"""What is wanted of output that holds words of a skill: nothing in it acts on what reads it."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

from markdown_it import MarkdownIt

from mlskill.hidden import unseen as _unseen

_COMMAND = re.compile(r"##(vso|teamcity)?\[")


def unseen(text: str) -> None:
    """Without a character that acts on a terminal or hides from a reader."""
    hidden = [text[slice(*span)] for spans in _unseen(text) for span in spans]
    assert not hidden, hidden[:3]


def lines(text: str) -> None:
    """Fit for a terminal and for the log of a build."""
    unseen(text)
    assert not _COMMAND.search(text), _COMMAND.search(text)
    assert "pwned" not in text.split("\n")


def plain(text: str) -> None:
    """Lines without a workflow command."""
    lines(text)
    guilty = [line for line in text.split("\n") if line.lstrip().startswith("::")]
    assert not guilty, guilty[0]


def github(text: str, findings: int) -> None:
    """As many workflow commands as there are findings, each of a kind that only annotates."""
    lines(text)
    commands = [line for line in text.split("\n") if line.lstrip().startswith("::")]
    known = [line for line in commands if re.match(r"::(error|warning|notice) file=", line)]
    assert commands == known
    assert len(known) <= findings


def as_json(text: str) -> None:
    """JSON in ASCII: no reader of lines finds anything in it."""
    json.loads(text)
    plain(text)
    assert text.isascii()


def as_xml(text: str) -> ElementTree.Element:
    """XML that a parser takes."""
    lines(text)
    return ElementTree.fromstring(text.encode())


def as_markdown(text: str) -> None:
    """Markdown in which the only markup is ours: a table, emphasis, code."""
    lines(text)
    ours = {"inline", "text", "code_inline", "softbreak", "fence"}
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        for one in (token, *(token.children or ())):
            if one.content in ("<code>", "</code>"):
                continue
            kind = one.type.rpartition("_")[0] if one.nesting else one.type
            assert kind in ours or kind in (
                *("table", "thead", "tbody", "tr", "th", "td", "strong", "em"),
                *("heading", "paragraph", "bullet_list", "list_item", "text_special"),
            ), f"{one.type}: {one.content!r:.200}"
