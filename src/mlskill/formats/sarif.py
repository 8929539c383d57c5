"""sarif: a report in the Static Analysis Results Interchange Format, 2.1.0, for code scanning."""

from __future__ import annotations

from typing import Any

from mlskill.formats.escape import inert
from mlskill.formats.identity import fingerprints, uri
from mlskill.formats.json import dump
from mlskill.model import Finding, Related, Report
from mlskill.rules import RULES, explain

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"error": "error", "warning": "warning", "advice": "note"}


def write(report: Report, *, color: bool = False) -> str:
    """The report as SARIF, in ASCII; the rules that found something come with their pages."""
    rules = sorted({finding.rule for finding in report.findings})
    index = {id_: number for number, id_ in enumerate(rules)}
    marks = fingerprints(report.findings)
    run = {
        "tool": {"driver": {"name": "mlskill", "rules": [_rule(id_) for id_ in rules]}},
        # Not successful is what was not done to its end.
        "invocations": [{"executionSuccessful": report.complete}],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, index[finding.rule], mark)
            for finding, mark in zip(report.findings, marks, strict=True)
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
        "help": {"text": rule.summary, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": [rule.family],
            "precision": "very-high" if rule.exact else "high",
        },
    }


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
    file = {"uri": uri(place.path)}
    if ":" not in file["uri"]:  # an absolute one starts from nowhere
        file["uriBaseId"] = "%SRCROOT%"
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    return {"physicalLocation": {"artifactLocation": file, "region": region}}


def _message(text: str) -> str:
    """`text` without what is a link in a message: [words](destination)."""
    return inert(text).replace("](", "] (")
