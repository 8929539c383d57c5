"""junit: a report as JUnit XML, which most build servers show: a finding is a test that failed."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby

from mlskill.formats.escape import inert
from mlskill.formats.text import entry, summary
from mlskill.model import Finding, Report, Suppressed

# What XML 1.0 has no way to write; control characters are escapes already.
_NO_CHARACTER = re.compile("[\ufffe\uffff]")


def write(report: Report, *, color: bool = False) -> str:
    """The report as XML, in ASCII: a suite for each file, a case for each finding.

    A finding that is not reported is a test that was skipped.
    """
    cases = [*((f, "") for f in report.findings), *map(_skipped, report.suppressed)]
    if report.suppressed:
        cases.sort(key=lambda case: (case[0].path, case[0].line, case[0].column))
    suites = [
        _suite(path, [*found]) for path, found in groupby(cases, lambda case: case[0].path)
    ] or ['  <testsuite name="mlskill" tests="1" failures="0" errors="0" skipped="0">', _CLEAN]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="mlskill" {_counts(cases) if cases else _ONE}>',
        *suites,
        f"  <!-- {summary(report)} -->",
        "</testsuites>",
    ]
    return "\n".join(lines).encode("ascii", "xmlcharrefreplace").decode() + "\n"


_ONE = 'tests="1" failures="0" errors="0"'
_CLEAN = '    <testcase name="validate" classname="mlskill"/>\n  </testsuite>'


_Case = tuple[Finding, str]
"""A finding, and why it is not reported; empty where it is."""


def _skipped(one: Suppressed) -> _Case:
    return one.finding, f"{one.by}: {one.reason}"


def _counts(cases: list[_Case]) -> str:
    failed = sum(not why for _, why in cases)
    return f'tests="{len(cases)}" failures="{failed}" errors="0"'


def _suite(path: str, cases: list[_Case]) -> str:
    counts = f'{_counts(cases)} skipped="{sum(bool(why) for _, why in cases)}"'
    lines = [f'  <testsuite name="{_text(inert(path))}" {counts}>', *map(_case, cases)]
    return "\n".join([*lines, "  </testsuite>"])


def _case(case: _Case) -> str:
    finding, why = case
    place = f"{finding.line}:{finding.column}"
    rule, path, message, reason = (
        _text(inert(text)) for text in (finding.rule, finding.path, finding.message, why)
    )
    failure = (
        f'<skipped message="{reason}"/>'
        if why
        else f'<failure type="{finding.severity}" message="{message}">{_text(entry(finding))}'
        "</failure>"
    )
    return (
        f'    <testcase name="{rule} {place}" classname="{path}">\n      {failure}\n    </testcase>'
    )


def _text(text: str) -> str:
    """`text`, which is inert, as text or an attribute of XML."""
    return escape(_NO_CHARACTER.sub("\ufffd", text))
