"""rule: what a rule is, and the decorator that makes one of a function.

A rule's name is its function's, its family the module it stands in, its summary the docstring's
first line. It yields what is wrong; the validator turns that into findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from mlskill.model import Document, Fault, Save, Severity, Skill


class Replace(NamedTuple):
    """`text` in place of what stands between two offsets of the file's text."""

    start: int
    end: int
    text: str


class Nearby(NamedTuple):
    """Another place that belongs to a problem, and what is there."""

    path: str
    start: int
    end: int
    message: str


class Problem(NamedTuple):
    """Something wrong in the file at `path` of the skill, between two offsets of its text.

    `severity` is the rule's own unless it is given; `related` are other places that belong to it.
    `fix` is there only where there is one right answer: what to put in the place of what, or how to
    save the whole file.
    """

    path: str
    start: int
    end: int
    message: str
    severity: Severity | None = None
    related: tuple[Nearby, ...] = ()
    fix: tuple[Replace, ...] | Save = ()


Problems = Iterator[Problem]
Check = Callable[[Skill], Problems]


class Rule(NamedTuple):
    """One check. `exact` is false where it goes by likelihood and may be wrong.

    What a rule `across` skills yields is a fault only where a second skill yields the same message.
    """

    id: str
    severity: Severity
    family: str
    exact: bool
    summary: str
    check: Check
    across: bool = False


def rule(
    severity: Severity, *, exact: bool = True, across: bool = False
) -> Callable[[Check], Rule]:
    """Make a `Rule` of a function that yields the problems of one skill."""

    def made(check: Check) -> Rule:
        name = check.__name__.replace("_", "-")
        family = check.__module__.rpartition(".")[2]
        summary = (check.__doc__ or "").strip().partition("\n")[0]
        return Rule(name, severity, family, exact, summary, check, across)

    return made


def reported(skill: Skill, rule_id: str) -> Problems:
    """What the stages saw of this rule."""
    yield from _own(skill.faults, rule_id)
    for document in skill.documents:
        yield from _own(document.source.faults, rule_id)
        yield from _own(document.frontmatter.faults, rule_id)
        yield from _own(document.faults, rule_id)


def _own(faults: tuple[Fault, ...], rule_id: str) -> Problems:
    for fault in faults:
        if fault.rule == rule_id:
            related = (Nearby(fault.path, *fault.related),) if fault.related else ()
            yield Problem(fault.path, fault.start, fault.end, fault.message, related=related)


def unread(skill: Skill) -> bool:
    """Whether ``SKILL.md`` itself could not be read; the reason is among the faults."""
    source = skill.main.source
    return not source.text and any(
        fault.path == skill.main.path for fault in (*skill.faults, *source.faults)
    )


def at(
    document: Document,
    span: tuple[int, int],
    message: str,
    *,
    fix: tuple[Replace, ...] = (),
    related: tuple[Nearby, ...] = (),
) -> Problem:
    """A problem of `document`, what mends it, and what else belongs to it."""
    return Problem(document.path, *span, message, related=related, fix=fix)
