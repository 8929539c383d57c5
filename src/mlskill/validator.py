"""validate: what the rules have against a skill, as a report."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mlskill.model import Document, Fault, Finding, Report, Skill
from mlskill.reports import order
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
    for one in skills:
        for rule in rules.values():
            if advice or rule.severity != "advice":
                findings.update(_findings(one, rule))
    return Report(
        findings=tuple(sorted(findings, key=order)),
        skills=len(skills),
        documents=sum(len(one.documents) for one in skills),
        complete=all(one.complete for one in skills),
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
    path, severity, message = problem.path, problem.severity or rule.severity, problem.message
    message = message[:MESSAGE] + "…" * (len(message) > MESSAGE) + note
    document = skill.by_path.get(path)
    if path == "SKILL.md":  # where it is called skill.md, that is its place
        path = posixpath.basename(skill.location) or path
    where = path if skill.root in ("", ".") else posixpath.join(skill.root, path)
    if not isinstance(document, Document):
        return Finding(rule.id, severity, where, 1, 1, 1, 1, message)
    place = document.source.place(problem.start, problem.end)
    finding = Finding(
        rule.id,
        severity,
        where,
        place.line,
        place.column,
        place.end_line,
        place.end_column,
        message,
    )
    first = finding.excerpt_column - 1
    line = document.source.line(place.line)
    return replace(finding, excerpt=line[first : first + EXCERPT])
