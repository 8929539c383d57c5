"""sarif: a report in the Static Analysis Results Interchange Format, 2.1.0, for code scanning."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from mlskill.formats.escape import inert
from mlskill.formats.identity import fingerprints, uri
from mlskill.formats.json import dump
from mlskill.model import Edit, Finding, Related, Report, Suppressed
from mlskill.rules import RULES, explain

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
MOST = 25_000
"""Results of one file; GitHub refuses one that has more."""
_LEVELS = {"error": "error", "warning": "warning", "advice": "note"}


def write(report: Report, *, color: bool = False) -> str:
    """The report as SARIF, in ASCII; the rules that found something come with their pages."""
    told = [*((f, None) for f in report.findings), *((s.finding, s) for s in report.suppressed)]
    more = len(told) - MOST
    del told[MOST:]
    findings = [finding for finding, _ in told]
    rules = sorted({finding.rule for finding in findings})
    index = {id_: number for number, id_ in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "mlskill",
                "semanticVersion": version("mlskill"),
                "rules": [_rule(id_) for id_ in rules],
            }
        },
        # Not successful is what was not done to its end.
        "invocations": [{"executionSuccessful": report.complete} | _left_out(more)],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, index[finding.rule], mark) | _suppressions(silence) | _fixes(finding)
            for (finding, silence), mark in zip(told, fingerprints(findings), strict=True)
        ],
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(id_: str) -> dict[str, Any]:
    rule = RULES.get(id_)
    if rule is None:  # a stranger's, or one of the prover's
        return {"id": inert(id_)}
    page = explain(id_)
    return {
        "id": id_,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.summary, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": [rule.family],
            "precision": "very-high" if rule.exact else "high",
        },
    }


def _left_out(more: int) -> dict[str, Any]:
    if more <= 0:
        return {}
    text = f"{more:,} more results are not in this file"
    return {"toolExecutionNotifications": [{"level": "warning", "message": {"text": text}}]}


def _result(finding: Finding, index: int, mark: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": inert(finding.rule),
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding.message)},
        "locations": [_location(finding)],
        "partialFingerprints": {"primaryLocationLineHash": mark},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": _message(other.message)}, **_location(other)}
            for number, other in enumerate(finding.related)
        ]
    return result


def _location(place: Finding | Related) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _file(place.path), "region": _region(place)}}


def _file(path: str) -> dict[str, str]:
    file = {"uri": uri(path)}
    if ":" not in file["uri"]:  # an absolute one starts from nowhere
        file["uriBaseId"] = "%SRCROOT%"
    return file


def _region(place: Finding | Related | Edit) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _suppressions(silence: Suppressed | None) -> dict[str, Any]:
    """Why a result is not reported: code scanning shows it as dismissed."""
    if silence is None:
        return {}
    kind = "inSource" if silence.by == "comment" else "external"
    told = {"kind": kind, "justification": inert(f"{silence.by}: {silence.reason}")}
    return {"suppressions": [told]}


def _fixes(finding: Finding) -> dict[str, Any]:
    """What mends it. How a whole file is saved has no form here, but for its byte-order mark."""
    if finding.fix is None or finding.fix.save in ("lf", "utf-8"):
        return {}
    replacements: list[dict[str, Any]] = [
        {"deletedRegion": _region(edit), "insertedContent": {"text": edit.text}}
        for edit in finding.fix.edits
    ] or [{"deletedRegion": {"byteOffset": 0, "byteLength": 3}}]
    change = {"artifactLocation": _file(finding.path), "replacements": replacements}
    return {"fixes": [{"description": {"text": "mlskill --fix"}, "artifactChanges": [change]}]}


def _message(text: str) -> str:
    """`text` without what is a link in a message: [words](destination)."""
    return inert(text).replace("](", "] (")
