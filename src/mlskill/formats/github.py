"""github: workflow commands, which GitHub shows beside the lines of a change.

Source: "Workflow commands for GitHub Actions" and the escaping of actions/toolkit (2026-11).
"""

from __future__ import annotations

from mlskill.formats.escape import inert
from mlskill.formats.text import summary
from mlskill.model import Finding, Report

_COMMANDS = {"error": "error", "warning": "warning", "advice": "notice"}


def write(report: Report, *, color: bool = False) -> str:
    """One command for each finding, then a summary line."""
    return "\n".join([*map(_command, report.findings), summary(report)]) + "\n"


def _command(finding: Finding) -> str:
    where = f"file={_property(finding.path)},line={finding.line},endLine={finding.end_line}"
    if finding.line == finding.end_line:  # columns of several lines are refused
        where += f",col={finding.column},endColumn={finding.end_column}"
    title = f"title={_property(finding.rule)}"
    return f"::{_COMMANDS[finding.severity]} {where},{title}::{_data(finding.message)}"


def _data(text: str) -> str:
    return inert(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
