"""text: a report for people, each finding with its line and carets under its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from mlskill.formats.escape import cells, inert, width
from mlskill.model import Finding, Report, Severity, Silence

_COLUMNS = 100
"""Of a longer line only the part around the place is shown."""
_COLOURS: dict[Severity, str] = {"error": "31", "warning": "33", "advice": "36"}


def write(report: Report, *, color: bool = False) -> str:
    """The report as text: a line for what was fixed, three for what is left, and a summary."""
    fixed = [entry(replace(finding, excerpt=""), color, "fixed") for finding in report.fixed]
    parts = [entry(finding, color) for finding in report.findings]
    return "".join([*fixed, *parts, summary(report), "\n"])


def summary(report: Report, fixed: str = "fixed") -> str:
    """One line: how much was found, in how much; what is not reported, and what can be fixed."""
    counts = Counter(finding.severity for finding in report.findings)
    kinds: tuple[Severity, ...] = ("error", "warning", "advice")
    # There is no plural of advice.
    found = [
        _count(counts[k], k) if k != "advice" else f"{counts[k]} advice" for k in kinds if counts[k]
    ]
    read = f"{_count(report.skills, 'skill')}, {_count(report.documents, 'document')}"
    limit = "" if report.complete else "; a limit was reached, not all of it was read"
    done = f"{len(report.fixed):,} {fixed}; " if report.fixed else ""
    fixable = sum(finding.fix is not None for finding in report.findings)
    mend = f"; {fixable:,} can be fixed" if fixable else ""
    left = f"{', '.join(found) or 'nothing found'} in {read}"
    return f"{done}{left}{mend}{silenced(report)}{limit}"


_BY: Mapping[Silence, str] = {
    "comment": "by comments",
    "settings": "by settings",
    "baseline": "by the baseline",
    "unchanged": "in unchanged files",
}


def silenced(report: Report) -> str:
    """How much is not reported, and why, to follow other words; mostly empty."""
    counts = Counter(one.by for one in report.suppressed)
    told = ", ".join(f"{counts[by]:,} {words}" for by, words in _BY.items() if counts[by])
    return f"; not reported: {told}" if told else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 or noun == 'advice' else 's'}"


def entry(finding: Finding, color: bool = False, word: str = "") -> str:
    """One finding: its place and message; its line and carets, unless it is the whole file's.

    `word` stands for its severity.
    """

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if color else text

    colour = _COLOURS[finding.severity]
    place = paint(inert(f"{finding.path}:{finding.line}:{finding.column}:"), "1")
    severity = paint(word or finding.severity, colour)
    lines = [f"{place} {severity} {inert(finding.rule)}: {inert(finding.message)}"]
    span = (finding.line, finding.column, finding.end_line, finding.end_column)
    if finding.excerpt.strip() and span != (1, 1, 1, 1):  # that is the file as a whole
        number = str(finding.line)
        line, carets = _pointed(finding)
        lines.append(f"  {number} | {line}")
        lines.append(f"  {' ' * len(number)} | {paint(carets, colour)}")
    lines += [f"  {paint('note', colour)}: {inert(note)}" for note in notes(finding)]
    return "\n".join(lines) + "\n"


def notes(finding: Finding) -> list[str]:
    """The other places that belong to `finding`, and what is there."""
    return [f"{r.path}:{r.line}:{r.column}: {r.message}" for r in finding.related]


def told(finding: Finding) -> str:
    """The message on one line, with its notes, for formats that have no place for those."""
    mends = " (--fix mends it)" if finding.fix else ""
    return "; ".join([finding.message + mends, *notes(finding)])


def _pointed(finding: Finding) -> tuple[str, str]:
    """The part of the line around the place, and the carets for the line below it."""
    shown = cells(finding.excerpt)
    start = min(finding.column - finding.excerpt_column, len(shown))
    end = len(shown)
    if finding.end_line == finding.line:
        end = max(start, min(end, finding.end_column - finding.excerpt_column))
    first = 0 if width("".join(shown[:start])) <= _COLUMNS // 2 else start
    while first and width("".join(shown[first - 1 : start])) <= _COLUMNS // 4:
        first -= 1
    last, room = first, _COLUMNS
    while last < len(shown) and (room := room - width(shown[last])) >= 0:
        last += 1
    left = "…" if first or finding.excerpt_column > 1 else ""
    right = "…" if last < len(shown) else ""
    line = left + "".join(shown[first:last]) + right
    indent = width(left + "".join(shown[first:start]))
    carets = max(1, width("".join(shown[start : min(end, last)])))
    return line.rstrip(), " " * indent + "^" * carets
