"""Rules about code blocks and comments: that they end, and that a block is what it says it is.

What `mlskill.checkers.fragments` refuses is reported; no process is started.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING

from mlskill.model import CodeBlock, Document, Skill
from mlskill.rules.once import once
from mlskill.rules.rule import Nearby, Problems, at, reported, rule

if TYPE_CHECKING:
    from mlskill.checkers.tools import FaultError

_LONGEST = 200_000
"""Characters of a block that is looked into."""
_DEEPEST = 500
"""Brackets that such a block may open one after the other on the way down."""
_MOST = 20
"""Faults of one block."""


@rule("warning")
def fence_unclosed(skill: Skill) -> Problems:
    """A fenced code block is never closed: all that follows is code."""
    collided = {document.path for document, _, _ in _collisions(skill)}
    for problem in reported(skill, "fence-unclosed"):
        if problem.path not in collided:
            yield problem


@rule("warning")
def fence_collision(skill: Skill) -> Problems:
    """A fence is opened inside a block with an equal fence, so the inner end closes the outer."""
    for document, block, span in _collisions(skill):
        longer = block.fence[0] * (len(block.fence) + 1)
        number = document.source.line_of(block.start)
        where = f"lies in the block that line {number} opened, and ends it"
        message = f"{where}; close that first, or write {longer} around it"
        place = (block.start, block.start + len(block.fence))
        around = Nearby(document.path, *place, "the block around it")
        yield at(document, span, message, related=(around,))


@rule("warning")
def comment_unclosed(skill: Skill) -> Problems:
    """An HTML comment is never closed: all that follows is hidden."""
    return reported(skill, "comment-unclosed")


@rule("warning", exact=False)
def python_invalid(skill: Skill) -> Problems:
    """A block of Python does not compile."""
    return _broken(skill, ("python", "python3", "py"), "python")


@rule("warning", exact=False)
def json_invalid(skill: Skill) -> Problems:
    """A block of JSON is not JSON."""
    yield from _broken(skill, ("json",), "json")
    yield from _broken(skill, ("jsonl", "ndjson"), "jsonl")


@rule("warning", exact=False)
def yaml_invalid(skill: Skill) -> Problems:
    """A block of YAML cannot be read, or says a key twice."""
    return _broken(skill, ("yaml", "yml"), "yaml")


@rule("warning", exact=False)
def toml_invalid(skill: Skill) -> Problems:
    """A block of TOML cannot be read."""
    return _broken(skill, ("toml",), "toml")


@rule("warning", exact=False)
def shell_invalid(skill: Skill) -> Problems:
    """A block of shell opens a quote, a text or an if that nothing closes."""
    return _broken(skill, ("bash", "sh", "shell"), "shell")


@rule("warning", exact=False)
def sql_invalid(skill: Skill) -> Problems:
    """A block of SQL has a bracket or a quote without its other half."""
    return _broken(skill, ("sql", "postgresql", "mysql", "sqlite"), "sql")


@rule("warning", exact=False)
def dockerfile_invalid(skill: Skill) -> Problems:
    """A Dockerfile has an instruction that is misspelt, or a text without its end."""
    return _broken(skill, ("dockerfile", "docker"), "dockerfile")


@rule("warning", exact=False)
def manifest_invalid(skill: Skill) -> Problems:
    """A Kubernetes object has a key, a value or a version that the API server refuses."""
    return _broken(skill, ("yaml", "yml"), "manifest")


@rule("warning", exact=False)
def workflow_invalid(skill: Skill) -> Problems:
    """A GitHub workflow has a key, a value or a needed job that GitHub refuses."""
    return _broken(skill, ("yaml", "yml"), "workflow")


_MODULES = {"shell": "shell", "manifest": "objects", "workflow": "objects"}


def _broken(skill: Skill, languages: tuple[str, ...], kind: str) -> Problems:
    """What is wrong with the blocks in these languages."""
    blocks = [
        (document, block)
        for document, block in _blocks(skill)
        if block.language in languages and _bounded(block.text)
    ]
    if not blocks:
        return
    from mlskill.checkers.tools import FaultError  # with it come parsers that most need not

    module = import_module(f"mlskill.checkers.{_MODULES.get(kind, 'fragments')}")
    check: Callable[[str], Iterable[FaultError] | None] = getattr(module, f"broken_{kind}")
    for document, block in blocks:
        try:
            # Most raise their first fault; what finds all that a block has yields them.
            faults = [*islice(check(block.text) or (), _MOST)]
        except FaultError as first:
            faults = [first]
        except (RecursionError, MemoryError):
            continue
        for fault in faults:
            message = fault.message.removesuffix(".").replace("\n", " ")
            yield at(document, _span(document, block, fault), message)


@once
def _blocks(skill: Skill) -> tuple[tuple[Document, CodeBlock], ...]:
    """The fenced blocks that say in what language they are, and end."""
    return tuple(
        (document, block)
        for document in skill.documents
        for block in document.blocks
        if block.fence and block.language and block.closed
    )


def _bounded(text: str) -> bool:
    """Whether a parser that goes down for each bracket comes back."""
    if len(text) > _LONGEST:
        return False
    if max(map(text.count, "[({-")) < _DEEPEST:
        return True
    return re.search(rf"(?:[\[({{-]\s*){{{_DEEPEST}}}", text) is None


def _span(document: Document, block: CodeBlock, fault: FaultError) -> tuple[int, int]:
    """The place of a fault that lies at a line and column of a block's text."""
    lines = block.text.split("\n")
    number = min(fault.line, max(1, block.text.count("\n")))
    written = document.source.line(block.line + number - 1)
    text = lines[number - 1]
    shift = max(0, written.rfind(text.strip())) - (len(text) - len(text.lstrip()))
    start = document.source.starts[block.line + number - 2]
    if not fault.column or number != fault.line:  # all of the line, or of the last one
        return start + shift + len(text) - len(text.lstrip()), start + len(written.rstrip())
    column = min(fault.column - 1, max(0, len(text) - 1))
    word = re.compile(r"\w+").match(text, column)
    end = word.end() if word else min(column + 1, len(text))
    end = min(column + fault.width, len(text)) if fault.width else end
    return start + shift + column, start + shift + max(end, column)


# A line that a fence would be opened with, were it not inside one: it has an info string.
_OPENING = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*[A-Za-z][^`\n]*$", re.MULTILINE)


@once
def _collisions(skill: Skill) -> tuple[tuple[Document, CodeBlock, tuple[int, int]], ...]:
    """The blocks in which another is opened with a fence that also ends the first."""
    return tuple(
        (document, block, span)
        for document in skill.documents
        for block in document.blocks
        if block.fence and block.fence in block.text
        for span in _openings(document, block)
    )


def _openings(document: Document, block: CodeBlock) -> Iterator[tuple[int, int]]:
    """The first fence opened in `block` that is as long as its own."""
    for match in _OPENING.finditer(block.text):
        if match[1].startswith(block.fence):
            number = block.line + block.text.count("\n", 0, match.start())
            start = document.source.starts[number - 1]
            column = document.source.line(number).find(match[1])
            yield start + column, start + column + len(match[1])
            return
