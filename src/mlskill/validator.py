"""validate: what the rules have against a skill, as a report."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, replace

from mlskill.model import (
    Allow,
    Edit,
    Fault,
    Finding,
    Fix,
    Place,
    Related,
    Report,
    Skill,
    Source,
    Sources,
)
from mlskill.reports import contested, order
from mlskill.rules import RULES, Problem, Rule
from mlskill.rules.allows import NEVER, allows
from mlskill.rules.texts import text

EXCERPT = 400
"""Characters of a line that a finding shows."""

MESSAGE = 500
"""Characters of a message, which may name a link of a megabyte."""

PER_FILE = 100
"""Findings of one rule in one file that are reported; the last of them says how many more."""


def validate(
    skill: Skill,
    *,
    rules: Mapping[str, Rule] = RULES,
    advice: bool = False,
    most: int = PER_FILE,
) -> Report:
    """What `rules` find in `skill` and in the skills nested in it; advice only if it is asked for.

    The findings are in the order of paths and places, whatever the order of files and rules; of
    one rule in one file there are at `most` so many.
    """
    skills = [*skill.walk()]
    findings: set[Finding] = set()
    claims: set[Finding] = set()
    for one in skills:
        for rule in rules.values():
            if advice or rule.severity != "advice":
                (claims if rule.across else findings).update(_findings(one, rule, most))
    return Report(
        findings=tuple(sorted({*findings, *contested(claims)}, key=order)),
        skills=len(skills),
        documents=sum(len(one.documents) for one in skills),
        complete=all(one.complete for one in skills),
        claims=tuple(sorted(claims, key=order)),
        allows=tuple(sorted({allow for one in skills for allow in _allows(one)}, key=astuple)),
    )


def unsearched(faults: Iterable[Fault], *, rules: Mapping[str, Rule] = RULES) -> Report:
    """What a search for skills could not look at (`reader.Found.faults`), as a report."""
    faults = [*faults]
    findings = (
        Finding(f.rule, rules[f.rule].severity, f.path, 1, 1, 1, 1, f.message)
        for f in faults
        if f.rule in rules
    )
    return Report(
        findings=tuple(sorted(findings, key=order)),
        complete=all(fault.rule != "limit-reached" for fault in faults),
    )


def _findings(skill: Skill, rule: Rule, most: int) -> Iterator[Finding]:
    first: dict[str, list[Problem]] = {}
    count: Counter[str] = Counter()
    for problem in rule.check(skill):
        count[problem.path] += 1
        kept = first.setdefault(problem.path, [])
        kept.append(problem)
        if len(kept) > 2 * most:  # a hostile page has half a million of them
            kept[:] = sorted(kept, key=_place)[:most]
    for path, kept in first.items():
        kept = sorted(kept, key=_place)[:most]
        more = count[path] - len(kept)
        for number, problem in enumerate(kept, 1):
            note = f" (and {more:,} more in this file)" if more and number == len(kept) else ""
            yield _finding(skill, rule, problem, note)


def _place(problem: Problem) -> tuple[int, int, str]:
    return problem.start, problem.end, problem.message


def _finding(skill: Skill, rule: Rule, problem: Problem, note: str) -> Finding:
    message = problem.message[:MESSAGE] + "…" * (len(problem.message) > MESSAGE) + note
    place = _located(skill, problem.path, problem.start, problem.end)
    related = []
    for path, start, end, what in problem.related:
        there = _located(skill, path, start, end)
        related.append(Related(there.path, *_columns(there), what))
    severity = problem.severity or rule.severity
    finding = Finding(
        rule.id, severity, place.path, *_columns(place), message, related=tuple(related)
    )
    source = text(skill, problem.path)
    if source is None:
        return finding
    first = finding.excerpt_column - 1
    line = source.line(place.line)
    return replace(finding, excerpt=line[first : first + EXCERPT], fix=_fix(source, problem))


def _located(skill: Skill, path: str, start: int, end: int) -> Place:
    """A place as the caller names it: the file's path from where the skill's folder lies."""
    where, source = named(skill, path), text(skill, path)
    if source is None:
        return Place(where, 1, 1, 1, 1)
    return replace(source.place(start, end), path=where)


def _columns(place: Place) -> tuple[int, int, int, int]:
    return place.line, place.column, place.end_line, place.end_column


def _allows(skill: Skill) -> Iterator[Allow]:
    """What comments of `skill` allow, where they say why."""
    for written in allows(skill):
        if written.reason:
            where, span = named(skill, written.document.path), (written.first, written.last)
            for name in set(written.rules) - NEVER:
                yield Allow(where, name, written.reason, *span)


def named(skill: Skill | Sources, path: str) -> str:
    """The file at `path` of `skill` as the caller names it."""
    if path == "SKILL.md":  # where it is called skill.md, that is its place
        path = posixpath.basename(skill.location) or path
    return path if skill.root in ("", ".") else posixpath.join(skill.root, path)


def _fix(source: Source, problem: Problem) -> Fix | None:
    """What mends a problem, in lines and columns."""
    if isinstance(problem.fix, str):
        return Fix(save=problem.fix)
    places = ((source.place(start, end), text) for start, end, text in problem.fix)
    edits = tuple(Edit(p.line, p.column, p.end_line, p.end_column, text) for p, text in places)
    return Fix(edits) if edits else None
