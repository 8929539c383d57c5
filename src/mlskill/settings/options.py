"""Settings: what can be set, and what that means for a finding."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mlskill.errors import MlskillError
from mlskill.model import LIMITS, Finding, Limits, Severity

if TYPE_CHECKING:
    from mlskill.rules import Profile


class SettingsError(MlskillError):
    """Settings that cannot be obeyed; the text names the file, the line and the key."""


class Settings(NamedTuple):
    """What a project wants; `file` is where it says so, `root` the folder that it speaks for.

    `select`, `ignore` and the keys of `severity` are rules and families; `per_path` holds for
    patterns of paths below `root` what is ignored there. `baseline` is an absolute path.
    """

    file: str = ""
    root: str = ""
    profile: Profile = "default"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    advice: bool = False
    severity: Mapping[str, Severity] = MappingProxyType({})
    per_path: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    limits: Limits = LIMITS
    baseline: str = ""

    def severity_of(self, finding: Finding) -> Severity:
        """How bad a finding is to this project."""
        if not self.severity:
            return finding.severity
        names = _names(finding.rule)
        return next((self.severity[n] for n in names if n in self.severity), finding.severity)

    def ignores(self, finding: Finding) -> str:
        """The setting by which a finding is not reported; empty when there is none."""
        if not (self.ignore or self.per_path):
            return ""
        names = set(_names(finding.rule))
        if names.intersection(self.ignore):
            return "ignore"
        if not self.per_path:
            return ""
        path = os.path.relpath(Path(finding.path).absolute(), self.root or None)
        path = path.replace(os.sep, "/")
        for pattern, ignored in self.per_path.items():
            if names.intersection(ignored) and _matches(path, pattern):
                return f"per-path {pattern}"
        return ""


def _names(rule: str) -> tuple[str, ...]:
    """What a rule can be called: its id, and the name of its family."""
    from mlskill.rules import RULES  # with all that a rule needs: only where somebody has wishes

    return (rule, RULES[rule].family) if rule in RULES else (rule,)


def _matches(path: str, pattern: str) -> bool:
    """Whether `pattern` names the file at `path` or a folder around it; ``*`` crosses folders.

    >>> _matches("old/a/b.md", "old"), _matches("old/a/b.md", "*/b.md"), _matches("a.md", "b*")
    (True, True, False)
    """
    pattern = pattern.removeprefix("./").rstrip("/").removesuffix("/**")
    return fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}/*")
