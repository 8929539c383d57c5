"""junit: a report as JUnit XML, which most build servers show: a finding is a test that failed."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby

from mlskill.formats.escape import inert
from mlskill.formats.text import entry, summary
from mlskill.model import Finding, Report

# What XML 1.0 has no way to write; control characters are escapes already.
_NO_CHARACTER = re.compile("[\ufffe\uffff]")


def write(report: Report, *, color: bool = False) -> str:
    """The report as XML, in ASCII: a suite for each file, a case for each finding."""
    count = len(report.findings)
    failed = f'failures="{count}" errors="0"'
    suites = [
        _suite(path, [*found]) for path, found in groupby(report.findings, lambda f: f.path)
    ] or ['  <testsuite name="mlskill" tests="1" failures="0" errors="0">', _CLEAN]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="mlskill" tests="{max(1, count)}" {failed}>',
        *suites,
        f"  <!-- {summary(report)} -->",
        "</testsuites>",
    ]
    return "\n".join(lines).encode("ascii", "xmlcharrefreplace").decode() + "\n"


_CLEAN = '    <testcase name="validate" classname="mlskill"/>\n  </testsuite>'


def _suite(path: str, findings: list[Finding]) -> str:
    counts = f'tests="{len(findings)}" failures="{len(findings)}" errors="0"'
    cases = [_case(finding) for finding in findings]
    lines = [f'  <testsuite name="{_text(inert(path))}" {counts}>', *cases, "  </testsuite>"]
    return "\n".join(lines)


def _case(finding: Finding) -> str:
    place = f"{finding.line}:{finding.column}"
    rule, path, message = (
        _text(inert(text)) for text in (finding.rule, finding.path, finding.message)
    )
    return (
        f'    <testcase name="{rule} {place}" classname="{path}">\n'
        f'      <failure type="{finding.severity}" message="{message}">'
        f"{_text(entry(finding))}</failure>\n    </testcase>"
    )


def _text(text: str) -> str:
    """`text`, which is inert, as text or an attribute of XML."""
    return escape(_NO_CHARACTER.sub("\ufffd", text))
