"""text: for a person at a terminal: each finding with its line and a caret under the fault."""

from __future__ import annotations

from collections import Counter
from unicodedata import category, east_asian_width

from mlskill.formats.escape import disarmed, inert
from mlskill.model import Finding, Report, Severity

_COLOURS = {"error": "31;1", "warning": "33;1", "advice": "36;1", "place": "1", "caret": "32;1"}
_BEFORE, _SPAN, _LINE = 60, 60, 100
"""Columns of a line shown before a fault, of the fault, and of all."""


def write(report: Report, *, color: bool = False) -> str:
    """The findings as ``path:line:column: severity rule: message``, each with its line."""

    def paint(text: str, kind: str) -> str:
        return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if color else text

    lines = []
    for finding in report.findings:
        place = paint(f"{inert(finding.path)}:{finding.line}:{finding.column}:", "place")
        what = paint(f"{finding.severity} {finding.rule}:", finding.severity)
        lines.append(f"{place} {what} {inert(finding.message)}")
        if finding.excerpt:
            shown, carets = excerpt(finding)
            number = str(finding.line)
            lines.append(f"  {number} | {shown}")
            lines.append(f"  {' ' * len(number)} | {paint(carets, 'caret')}")
    lines.append(summary(report))
    return "\n".join(lines) + "\n"


def excerpt(finding: Finding) -> tuple[str, str]:
    r"""The line of a finding, cut to what fits, and the carets that go under it.

    >>> print(*excerpt(Finding("r", "error", "p", 1, 3, 1, 5, "m", "ab\x1b[c")), sep="\n")
    ab\x1b[c
      ^^^^^
    """
    line, start = finding.excerpt, finding.column - 1
    end = finding.end_column - 1 if finding.end_line == finding.line else len(line)
    end = max(start + 1, min(end, len(line)))
    before = line[max(0, start - _BEFORE) : start]
    fault = line[start : min(end, start + _SPAN)]
    after = line[start + len(fault) : start + len(fault) + max(0, _LINE - len(before + fault))]
    before, fault, after = (inert(part).replace("\t", "    ") for part in (before, fault, after))
    head = "…" if start > _BEFORE else ""
    tail = "…" if len(line) > start + _LINE else ""
    carets = " " * width(head + before) + "^" * max(1, width(fault))
    return disarmed(head + before + fault + after + tail), carets


def width(text: str) -> int:
    """The columns that `text` takes in a terminal: two for wide characters, none for marks.

    >>> width("a"), width("字"), width("e\u0301")
    (1, 2, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if category(c) in ("Mn", "Me", "Cf") else 1 + (east_asian_width(c) in "WF") for c in text
    )


def summary(report: Report) -> str:
    """One line: how many findings of each severity, in how much."""
    count = Counter(finding.severity for finding in report.findings)
    kinds: tuple[tuple[Severity, str], ...] = (
        ("error", "errors"), ("warning", "warnings"), ("advice", "pieces of advice")
    )  # fmt: skip
    found = ", ".join(
        f"{count[one]} {one if count[one] == 1 else many}" for one, many in kinds if count[one]
    )
    skills = "1 skill" if report.skills == 1 else f"{report.skills} skills"
    documents = "1 document" if report.documents == 1 else f"{report.documents} documents"
    rest = "" if report.complete else "; not all of it was read: a limit was reached"
    return f"{found or 'no findings'} in {skills}, {documents}{rest}"
