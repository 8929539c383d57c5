"""mend: the skills at some paths fixed on disk, or what that would change."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from mlskill.fixer import AT_ONCE, Change, Fixed, Settle, fix
from mlskill.fixer.writer import NotWrittenError, refusal, write
from mlskill.hidden import visible
from mlskill.loader import load
from mlskill.model import Finding, Limits, Report, Skill, Sources
from mlskill.reader import read
from mlskill.validator import named


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of one skill: what is left, as it was found, what was fixed, and the changes."""

    report: Report
    changes: tuple[Change, ...] = ()


class Check(Protocol):
    """What finds all that there is in a skill."""

    def __call__(self, skill: Skill, most: int = ...) -> Report:
        """Its raw report, with at `most` so many findings of one rule in one file."""


def mend(root: str, check: Check, settle: Settle, limits: Limits, *, dry: bool) -> Mended:
    """Fix the skill at `root`, or with `dry` only say what that would change.

    Fixed is what `settle` leaves of what `check` finds; what is left is still to be settled, since
    what skills claim together is only known of all of them.
    What cannot be fixed in its place is said on stderr; it is left, and so are its findings.
    """
    sources = read(root, limits=limits, texts=True)
    folder = posixpath.dirname(sources.location)
    if not os.path.isdir(folder):  # noqa: PTH112
        report = check(load(root, limits=limits))
        if any(finding.fix for finding in settle(report).findings):
            _say(f"{root}: files in an archive cannot be fixed; unpack it first")
        return Mended(report)
    refused = dict(_refused(sources, folder))
    every = partial(check, most=AT_ONCE)
    made = fix(sources, every, settle=settle, locked=refused, limits=limits)
    if refused:
        for path in sorted({f.path for f in settle(made.left).findings if f.fix} & set(refused)):
            _say(f"{path}: {refused[path]}")
    if dry:
        return Mended(replace(made.left, fixed=made.mended), made.changes)
    kept = {change.named for change in made.changes if not _written(folder, change)}
    return Mended(_left(root, check, limits, made, kept), made.changes)


def _refused(sources: Sources, folder: str) -> Iterator[tuple[str, str]]:
    """The files that are not to be written, as they are reported, and why."""
    for source in sources.sources:
        path = posixpath.basename(sources.location) if source.path == "SKILL.md" else source.path
        if why := refusal(folder, path):
            yield named(sources, source.path), why


def _written(folder: str, change: Change) -> bool:
    try:
        write(folder, change.path, change.before, change.after)
    except NotWrittenError as error:
        _say(f"{change.named}: {error}")
        return False
    return True


def _left(root: str, check: Check, limits: Limits, made: Fixed, kept: set[str]) -> Report:
    """What is on the disk now: what could not be written is still to be found."""
    left = check(load(root, limits=limits))
    fixed: tuple[Finding, ...] = tuple(f for f in made.mended if f.path not in kept)
    return replace(left, fixed=fixed)


def _say(text: str) -> None:
    print(f"mlskill: {visible(text)}", file=sys.stderr)
