"""Faults of the world: what keeps a call from doing its work at all.

    MlskillError
    ├── MissingPathError     no such file or folder
    ├── NotASkillError       the path is there, but holds no skill
    ├── IndexFileError       the file is no search index, or it is damaged
    ├── UnknownNameError     no such module, section, view or rule (says which are near)
    ├── PackError            the skill cannot be packed so, or not there
    └── InvalidSkillError    a check failed; carries the report

A fault in a skill's *text* is never raised: it is a `Finding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlskill.model import Report


NEAR = 2_000
"""Names that are compared with an unknown one, at most."""


class MlskillError(Exception):
    """The root of all errors that mlskill raises on purpose; its text is one line for a user."""


class MissingPathError(MlskillError):
    """A path that was asked for does not exist."""

    def __init__(self, path: object) -> None:
        super().__init__(f"{path}: no such file or folder")


class NotASkillError(MlskillError):
    """A path exists but holds no skill."""


class NoSkillError(NotASkillError):
    """There is no skill at or below some paths."""

    def __init__(self, paths: Sequence[object]) -> None:
        super().__init__(f"{' '.join(map(str, paths))}: no SKILL.md here or below")


class IndexFileError(MlskillError):
    """A file that should be a search index is none, or cannot be read or written."""

    def __init__(self, path: object, why: str) -> None:
        super().__init__(f"{path}: not a usable index ({why}); make it anew with mlskill index")


class UnknownNameError(MlskillError):
    """A name that is not in a closed set; `near` holds the most similar names that are."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        from difflib import get_close_matches

        self.kind, self.name = kind, name
        self.known = tuple(sorted(known))
        alike = self.known
        if len(alike) > NEAR:  # to compare with all would take seconds
            alike = tuple(k for k in alike if k[:2].lower() == name[:2].lower())[:NEAR]
        lower = {k.lower(): k for k in reversed(alike)}
        near = get_close_matches(name[:200].lower(), lower, n=3, cutoff=0.5)
        self.near = tuple(lower[n] for n in near)
        hint = f"; did you mean {' or '.join(self.near)}?" if self.near else ""
        if not hint and len(self.known) <= 12:
            hint = f"; there are {', '.join(self.known)}" if self.known else ""
        super().__init__(f"no {kind} {name[:200]!r}{hint}")


class PackError(MlskillError):
    """A skill cannot be packed in the way that was asked for, or not be written there."""


class InvalidSkillError(MlskillError):
    """A skill did not pass; `report` says why."""

    def __init__(self, report: Report) -> None:
        self.report = report
        first = report.findings[0] if report.findings else None
        where = f": {first.path}:{first.line}:{first.column} {first.message}" if first else ""
        super().__init__(f"{len(report.findings)} findings{where}")


class WorkerLostError(MlskillError):
    """A process that checked skills ended before it was done."""

    def __init__(self, first: str, last: str) -> None:
        where = first if first == last else f"between {first} and {last}"
        super().__init__(
            f"{where}: the process that checked this was ended (out of memory?); "
            "--jobs 1 shows at which skill"
        )
