"""Rules about ``<!-- mlskill: allow RULE: REASON -->``: that it has a reason, and is needed.

Such a comment speaks for the line at whose end it stands; on a line of its own for the paragraph,
list, table or code block that follows it; as the first thing of a page for the whole page, its
frontmatter included. It may name several rules, with commas between. What it silences is decided
later, by `settler.settle`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mlskill.model import Comment, Document, Skill
from mlskill.rules.once import once
from mlskill.rules.rule import Problem, Problems, Replace, at, rule

_ALLOW = re.compile(r"\s*mlskill\s*:\s*allow\b([^:]*)(:?)(.*)", re.DOTALL | re.IGNORECASE)
NEVER = frozenset(("allow-unused", "allow-without-reason"))
"""Rules that no comment silences: they speak of comments."""
_HOW = "write <!-- mlskill: allow RULE: REASON -->"


class Written(NamedTuple):
    """A comment that allows `rules` in the lines `first` to `last` of its page."""

    document: Document
    comment: Comment
    rules: tuple[str, ...]
    reason: str
    first: int
    last: int


@once
def allows(skill: Skill) -> tuple[Written, ...]:
    """Every comment of `skill` that allows something, in order."""
    return tuple(
        Written(document, comment, names, reason, *span)
        for document in skill.documents
        if any(_ALLOW.match(comment.text) for comment in document.comments)
        for comment, span in _spans(document)
        for names, reason in _said(comment)
    )


@rule("warning")
def allow_without_reason(skill: Skill) -> Problems:
    """A comment allows a rule without saying which, or why; it is not obeyed."""
    for written in allows(skill):
        if not written.rules:
            yield _problem(written, f"names no rule; {_HOW}")
        elif not written.reason:
            yield _problem(written, f"gives no reason and is not obeyed; {_HOW}")


@rule("warning")
def allow_unused(skill: Skill) -> Problems:
    """A comment allows a rule that finds nothing there, or that does not exist."""
    found: dict[str, set[tuple[str, int]]] = {}
    for written in allows(skill):
        if not written.reason:
            continue
        wrong = [(name, why) for name in written.rules if (why := _against(skill, name, found))]
        unused = [name for name in written.rules if not _finds(written, name, found)]
        needless = len(unused) == len(written.rules) and not wrong
        for name in unused:
            why = dict(wrong).get(name, f"{name} finds nothing here; remove the comment")
            yield _problem(written, why, (_removed(written),) if needless else ())


def _against(skill: Skill, name: str, found: dict[str, set[tuple[str, int]]]) -> str:
    """What is wrong with allowing this rule; where nothing is, what it finds is put in `found`."""
    from mlskill.errors import UnknownNameError
    from mlskill.rules import RULES

    if name in NEVER:
        return f"{name} cannot be allowed"
    if name not in RULES:
        return str(UnknownNameError("rule", name, RULES))
    if name not in found:
        lines = {d.path: d.source.line_of for d in skill.documents}
        found[name] = {(p.path, lines[p.path](p.start)) for p in RULES[name].check(skill)
                       if p.path in lines}  # fmt: skip
    return ""


def _finds(written: Written, name: str, found: dict[str, set[tuple[str, int]]]) -> bool:
    path, lines = written.document.path, range(written.first, written.last + 1)
    return any(where == path and line in lines for where, line in found.get(name, ()))


def _said(comment: Comment) -> Iterator[tuple[tuple[str, ...], str]]:
    """The rules that `comment` names, and its reason, if it allows something at all."""
    match = _ALLOW.match(comment.text)
    if match:
        names = tuple(dict.fromkeys(match[1].replace(",", " ").split()))
        yield names, " ".join(match[3].split())


def _spans(document: Document) -> Iterator[tuple[Comment, tuple[int, int]]]:
    """Each comment of a page with the lines for which it would speak."""
    source, text, after = document.source, document.text, _after(document)
    ends = _ends(document)
    first_thing, done = True, document.frontmatter.end
    for comment in document.comments:
        first_thing = first_thing and not text[done : comment.start].strip()
        done = comment.end
        first, last = source.line_of(comment.start), source.line_of(comment.end)
        start, stop = source.starts[first - 1], source.starts[last - 1] + len(source.line(last))
        if text[start : comment.start].strip() or text[comment.end : stop].strip():
            yield comment, (first, last)
        elif first_thing:
            yield comment, (1, len(source.starts))
        else:
            below = source.line_of(after[comment.start])
            yield comment, (below, ends[below])


def _after(document: Document) -> dict[int, int]:
    """For the start of each comment the offset at which something else follows."""
    text, found = document.text, dict[int, int]()
    for comment in reversed(document.comments):
        at = comment.end
        while at < len(text) and text[at].isspace():
            at += 1
        found[comment.start] = found.get(at, at)
    return found


def _ends(document: Document) -> list[int]:
    """For each line, from 1, where the block around it ends: before a line that is blank."""
    source = document.source
    fences = {source.line_of(b.start): source.line_of(b.end - 1) for b in document.blocks}
    count = len(source.starts)
    ends = [count] * (count + 2)
    for line in range(count, 0, -1):
        if not source.line(line).strip():
            ends[line] = line - 1
        elif (following := fences.get(line, line) + 1) <= count:
            ends[line] = max(ends[following], following - 1)
    return ends


def _problem(written: Written, message: str, fix: tuple[Replace, ...] = ()) -> Problem:
    span = (written.comment.start, written.comment.end)
    return at(written.document, span, message, fix=fix)


def _removed(written: Written) -> Replace:
    """The comment gone, and its line with it where nothing else is on it."""
    text, start, end = written.document.text, written.comment.start, written.comment.end
    before = start - len(text[:start].rpartition("\n")[2])
    after = text.find("\n", end) + 1 or len(text)
    if text[before:start].strip() or text[end:after].strip():
        return Replace(start, end, "")
    return Replace(before, after, "")
