"""FORMATS: how a report is written, by name; each is one function ``write(report, *, color)``.

text    for people: the line, and carets under the place
github  workflow commands, shown beside the lines of a pull request
json    for programs; ``report.schema.json`` is its schema
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from mlskill.formats import github, json, text
from mlskill.model import Report

__all__ = ["FORMATS", "Format"]


class Format(Protocol):
    """How a report is written."""

    def __call__(self, report: Report, *, color: bool = False) -> str:
        """The report as text that ends with a newline; in colour only if that is asked for."""


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"text": text.write, "github": github.write, "json": json.write}
)
"""Every format, by its name."""
