"""json: for programs. Its schema is `report.schema.json` beside this file."""

from __future__ import annotations

import json
from dataclasses import asdict

from mlskill.model import Report

VERSION = 1
"""Grows when a program that reads the output must change; new keys do not count."""


def write(report: Report, *, color: bool = False) -> str:
    """The report as one JSON object, in ASCII: any character that could act is an escape."""
    text = json.dumps({"version": VERSION, **asdict(report)}, indent=2)
    # "##[" is a command of GitHub's wherever it stands; in JSON "#" can be written otherwise.
    return text.replace("##", r"#\u0023") + "\n"
