"""FORMATS: how a report is written, by name; each is one function ``write(report, *, color)``.

text      for people: the line, and carets under the place
github    workflow commands, shown beside the lines of a pull request
gitlab    a code quality artifact, shown in a merge request
sarif     for code scanning; with the rules' pages
junit     for build servers: a finding is a test that failed
markdown  for the summary of a job: a table
json      for programs; ``report.schema.json`` is its schema
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlskill.model import Report

__all__ = ["FORMATS", "Format"]


class Format(Protocol):
    """How a report is written."""

    def __call__(self, report: Report, *, color: bool = False) -> str:
        """The report as text that ends with a newline; in colour only if that is asked for."""


def _format(name: str) -> Format:
    """The format in the module of this name, which is imported when something is written."""

    def write(report: Report, *, color: bool = False) -> str:
        made: Format = import_module(f"mlskill.formats.{name}").write
        return made(report, color=color)

    return write


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        name: _format(name)
        for name in ("text", "github", "gitlab", "sarif", "junit", "markdown", "json")
    }
)
"""Every format, by its name."""
