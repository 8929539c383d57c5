"""json: a report for programs. ``report.schema.json``, beside this file, says what is in it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import Any

from mlskill.model import Report

VERSION = 1
"""Counts up when a reader of the format must change."""

_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")


def write(report: Report, *, color: bool = False) -> str:
    """The report as JSON, made inert by `dump`."""
    data = asdict(replace(report, claims=()))
    del data["claims"]
    return dump({"version": VERSION, **data})


def dump(data: Any) -> str:
    """`data` as JSON, in ASCII, so that nothing in it acts on what shows it."""
    text = json.dumps(data, indent=2)
    # Both stand in strings only, where an escape means the same.
    return _COMMAND.sub(r"#\\u0023", text).replace("\x7f", r"\u007f") + "\n"
