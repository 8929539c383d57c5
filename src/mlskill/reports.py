"""merge: several reports as one, in the order of paths and places."""

from __future__ import annotations

from collections.abc import Iterable

from mlskill.model import Finding, Report


def merge(reports: Iterable[Report]) -> Report:
    """Several reports as one; of each only the findings are kept while the next is made."""
    findings: list[Finding] = []
    skills = documents = 0
    complete = True
    for report in reports:
        findings += report.findings
        skills += report.skills
        documents += report.documents
        complete &= report.complete
    return Report(tuple(sorted(findings, key=order)), skills, documents, complete)


def order(finding: Finding) -> tuple[str, int, int, str, int, int, str]:
    """What findings are sorted by."""
    return (
        finding.path,
        finding.line,
        finding.column,
        finding.rule,
        finding.end_line,
        finding.end_column,
        finding.message,
    )
