"""settle: a raw report -> what is reported, and what is not and why.

    raw ─▶ severities of the settings ─▶ comments ─▶ settings ─▶ baseline ─▶ unchanged files ─▶ rest

    baseline.py   the findings of an old tree, which are not reported again
    changes.py    the files that changed since a revision

It comes after the rules and asks none of them, so that what they found can be kept and settled
again. Nothing disappears: what is not reported is among the report's `suppressed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from mlskill.model import Allow, Finding, Report, Silence, Suppressed
from mlskill.settings import Settings

if TYPE_CHECKING:  # most reports are settled without them
    from mlskill.settler.baseline import Baseline
    from mlskill.settler.changes import Changes

__all__ = ["settle"]

Reason = Callable[[Finding], str]
"""Why a finding is not to be reported; empty where it is."""


def settle(
    report: Report,
    settings: Settings | None = None,
    *,
    baseline: Baseline | None = None,
    changes: Changes | None = None,
) -> Report:
    """What of a raw `report` is to be reported; its `allows` are the comments to be obeyed."""
    wants = settings or Settings()
    findings = tuple(replace(f, severity=wants.severity_of(f)) for f in report.findings)
    stages: list[tuple[Silence, Callable[[tuple[Finding, ...]], Reason]]] = [
        ("comment", lambda _: _allowed(report.allows)),
        ("settings", lambda _: wants.ignores),
    ]
    if baseline is not None:
        stages.append(("baseline", baseline.reasons))
    if changes is not None:
        stages.append(("unchanged", lambda _: changes.reason))
    suppressed = [*report.suppressed]
    for by, stage in stages:
        reason = stage(findings)
        told = [(finding, reason(finding)) for finding in findings]
        suppressed += [Suppressed(finding, by, why) for finding, why in told if why]
        findings = tuple(finding for finding, why in told if not why)
    return replace(report, findings=findings, claims=(), allows=(), suppressed=tuple(suppressed))


def _allowed(allows: Iterable[Allow]) -> Reason:
    """The reason that a comment gives for a finding."""
    spoken: dict[tuple[str, str], list[Allow]] = {}
    for allow in allows:
        spoken.setdefault((allow.path, allow.rule), []).append(allow)

    def reason(finding: Finding) -> str:
        for allow in spoken.get((finding.path, finding.rule), ()):
            if allow.first <= finding.line <= allow.last:
                return allow.reason
        return ""

    return reason
