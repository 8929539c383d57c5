"""github: a report as workflow commands, which GitHub shows beside the lines they speak of."""

from __future__ import annotations

from mlskill.formats.escape import inert
from mlskill.formats.identity import local
from mlskill.formats.text import summary, told
from mlskill.model import Finding, Report

_LEVELS = {"error": "error", "warning": "warning", "advice": "notice"}


def write(report: Report, *, color: bool = False) -> str:
    """The report as one command for each finding, and a summary."""
    return "".join(f"{line}\n" for line in [*map(_command, report.findings), summary(report)])


def _command(finding: Finding) -> str:
    place = {"file": local(finding.path), "line": finding.line, "endLine": finding.end_line}
    # GitHub takes columns only of a place on one line.
    if finding.line == finding.end_line:
        place |= {"col": finding.column, "endColumn": finding.end_column}
    place["title"] = finding.rule
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in place.items())
    return f"::{_LEVELS[finding.severity]} {properties}::{_data(told(finding))}"


def _data(text: str) -> str:
    return inert(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
