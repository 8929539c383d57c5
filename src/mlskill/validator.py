"""validate: what the rules have against a skill, as a report."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mlskill.model import Document, Fault, Finding, Place, Related, Report, Skill
from mlskill.rules import RULES, Problem, Rule

EXCERPT = 400
"""Characters of a line that a finding shows."""

MESSAGE = 500
"""Characters of a message, which may name a link of a megabyte."""

PER_FILE = 100
"""Findings of one rule in one file that are reported; the last of them says how many more."""


def validate(skill: Skill, *, rules: Mapping[str, Rule] = RULES, advice: bool = False) -> Report:
    """What `rules` find in `skill` and in the skills nested in it; advice only if it is asked for.

    The findings are in the order of paths and places, whatever the order of files and rules.
    """
    skills = [*skill.walk()]
    findings: set[Finding] = set()
    claims: set[Finding] = set()
    for one in skills:
        for rule in rules.values():
            if advice or rule.severity != "advice":
                (claims if rule.across else findings).update(_findings(one, rule))
    return Report(
        findings=tuple(sorted({*findings, *_contested(claims)}, key=_order)),
        skills=len(skills),
        documents=sum(len(one.documents) for one in skills),
        complete=all(one.complete for one in skills),
        claims=tuple(sorted(claims, key=_order)),
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
        findings=tuple(sorted(findings, key=_order)),
        complete=all(fault.rule != "limit-reached" for fault in faults),
    )


def merge(reports: Iterable[Report]) -> Report:
    """Several reports as one, with what is wrong only because they are together."""
    reports = [*reports]
    claims = {claim for report in reports for claim in report.claims}
    known = {replace(f, related=()) for report in reports for f in _contested(report.claims)}
    findings = [f for r in reports for f in r.findings if replace(f, related=()) not in known]
    return Report(
        findings=tuple(sorted([*findings, *_contested(claims)], key=_order)),
        skills=sum(r.skills for r in reports),
        documents=sum(r.documents for r in reports),
        complete=all(r.complete for r in reports),
        claims=tuple(sorted(claims, key=_order)),
    )


def _contested(claims: Iterable[Finding]) -> Iterator[Finding]:
    """Of the claims with one message all but the first, with that as a related place."""
    first: dict[tuple[str, str], Finding] = {}
    for claim in sorted(claims, key=_order):
        known = first.setdefault((claim.rule, claim.message), claim)
        if known is not claim:
            there = Place(known.path, known.line, known.column, known.end_line, known.end_column)
            related = Related(there.path, *_columns(there), "it is this one")
            yield replace(claim, related=(related,))


def _order(finding: Finding) -> tuple[str, int, int, str, int, int, str]:
    return (
        finding.path,
        finding.line,
        finding.column,
        finding.rule,
        finding.end_line,
        finding.end_column,
        finding.message,
    )


def _findings(skill: Skill, rule: Rule) -> Iterator[Finding]:
    first: dict[str, list[Problem]] = {}
    count: Counter[str] = Counter()
    for problem in rule.check(skill):
        count[problem.path] += 1
        kept = first.setdefault(problem.path, [])
        kept.append(problem)
        if len(kept) > 2 * PER_FILE:  # a hostile page has half a million of them
            kept[:] = sorted(kept, key=_place)[:PER_FILE]
    for path, kept in first.items():
        kept = sorted(kept, key=_place)[:PER_FILE]
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
    document = skill.by_path.get(problem.path)
    if not isinstance(document, Document):
        return finding
    first = finding.excerpt_column - 1
    line = document.source.line(place.line)
    return replace(finding, excerpt=line[first : first + EXCERPT])


def _located(skill: Skill, path: str, start: int, end: int) -> Place:
    """A place as the caller names it: the file's path from where the skill's folder lies."""
    document = skill.by_path.get(path)
    if path == "SKILL.md":  # where it is called skill.md, that is its place
        path = posixpath.basename(skill.location) or path
    where = path if skill.root in ("", ".") else posixpath.join(skill.root, path)
    if not isinstance(document, Document):
        return Place(where, 1, 1, 1, 1)
    return replace(document.source.place(start, end), path=where)


def _columns(place: Place) -> tuple[int, int, int, int]:
    return place.line, place.column, place.end_line, place.end_column
