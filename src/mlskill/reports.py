"""merge: several reports as one, in the order of paths and places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mlskill.model import Allow, Finding, Related, Report, Suppressed


def merge(reports: Iterable[Report]) -> Report:
    """Several reports as one; of each only what was found is kept while the next is made.

    Two claims with one message, wherever they were made, are a finding.
    """
    findings: list[Finding] = []
    claims: set[Finding] = set()
    known: set[Finding] = set()
    allows: list[Allow] = []
    suppressed: list[Suppressed] = []
    fixed: list[Finding] = []
    skills = documents = 0
    complete = True
    for report in reports:
        findings += report.findings
        claims.update(report.claims)
        known.update(replace(one, related=()) for one in contested(report.claims))
        allows += report.allows
        suppressed += report.suppressed
        fixed += report.fixed
        skills += report.skills
        documents += report.documents
        complete &= report.complete
    if known:  # they are contested again below, by all claims
        findings = [one for one in findings if replace(one, related=()) not in known]
    return Report(
        findings=tuple(sorted([*findings, *contested(claims)], key=order)),
        skills=skills,
        documents=documents,
        complete=complete,
        claims=tuple(sorted(claims, key=order)),
        allows=tuple(allows),
        suppressed=tuple(suppressed),
        fixed=tuple(fixed),
    )


def contested(claims: Iterable[Finding]) -> Iterator[Finding]:
    """Of the claims with one message all but the first, with that as a related place."""
    first: dict[tuple[str, str], Finding] = {}
    for claim in sorted(claims, key=order):
        one = first.setdefault((claim.rule, claim.message), claim)
        if one is not claim:
            place = (one.path, one.line, one.column, one.end_line, one.end_column)
            yield replace(claim, related=(Related(*place, "it is this one"),))


def order(finding: Finding) -> tuple[str, int, int, str, int, int, str]:
    """By what findings are sorted: file, place, rule."""
    return (
        finding.path,
        finding.line,
        finding.column,
        finding.rule,
        finding.end_line,
        finding.end_column,
        finding.message,
    )
