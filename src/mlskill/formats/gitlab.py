"""gitlab: a report as GitLab's code quality artifact, shown in a merge request's changes."""

from __future__ import annotations

from mlskill.formats.escape import inert
from mlskill.formats.identity import fingerprints, local
from mlskill.formats.json import dump
from mlskill.formats.text import told
from mlskill.model import Report

_SEVERITIES = {"error": "major", "warning": "minor", "advice": "info"}


def write(report: Report, *, color: bool = False) -> str:
    """The report as a JSON array, in ASCII, one object for each finding.

    It has no place for what was not reported: the command line counts that on stderr.
    """
    return dump(
        [
            {
                "description": inert(told(finding)),
                "check_name": inert(finding.rule),
                "fingerprint": mark,
                "severity": _SEVERITIES[finding.severity],
                "location": {"path": local(finding.path), "lines": {"begin": finding.line}},
            }
            for finding, mark in zip(report.findings, fingerprints(report.findings), strict=True)
        ]
    )
