"""markdown: a report as a page, for the summary of a job or a comment; a table, errors first."""

from __future__ import annotations

import re
from itertools import accumulate

from mlskill.formats.escape import inert
from mlskill.formats.text import summary, told
from mlskill.model import Finding, Report

MOST = 500
"""Findings that are shown: nobody reads more."""
SIZE = 900_000
"""Bytes of all rows; GitHub takes 1,048,576 of a step's summary, and drops one that is longer."""

_ORDER = ("error", "warning", "advice")
_PLAIN = re.compile(r"[^A-Za-z0-9 \u00a1-\U0010ffff]")


def write(report: Report, *, color: bool = False) -> str:
    """The report as Markdown, in which nothing that a skill says is markup, a link or a mention."""
    worst = sorted(report.findings, key=lambda finding: _ORDER.index(finding.severity))[:MOST]
    rows = [*map(_row, worst)]
    sizes = accumulate(len(row.encode("utf-8", "replace")) + 1 for row in rows)
    shown = [row for row, size in zip(rows, sizes, strict=True) if size <= SIZE]
    lines = ["### mlskill", "", f"{summary(report)}", ""]
    if shown:
        lines += [
            "| | Rule | Place | Message |",
            "| --- | --- | --- | --- |",
            *shown,
            "",
        ]
    if more := len(report.findings) - len(shown):
        lines += [f"{more:,} more are not shown.", ""]
    return "\n".join(lines)


def _row(finding: Finding) -> str:
    place = f"{finding.path}:{finding.line}:{finding.column}"
    cells = (_code(finding.rule), _code(place), _code(told(finding)))
    return f"| {finding.severity} | {' | '.join(cells)} |"


def _code(text: str) -> str:
    """`text` as code: in it nobody is mentioned, and a character as a number is never markup."""
    return f"<code>{_PLAIN.sub(lambda match: f'&#{ord(match[0])};', inert(text).strip())}</code>"
