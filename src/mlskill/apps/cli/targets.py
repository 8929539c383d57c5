"""Targets: which skill, and what in it, the words of a command line name."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlskill.errors import MissingPathError, NoSkillError, NotASkillError
from mlskill.hidden import visible
from mlskill.loader import load
from mlskill.model import Skill
from mlskill.reader import discover
from mlskill.reader.names import is_markdown


def locate(target: str, skill_path: str | None) -> tuple[Skill, str | None]:
    """The skill that `target` speaks of, and what in it: None for all of it."""
    whole = Path(target).exists()  # a path may hold the sign itself
    name, mark, anchor = (target, "", "") if whole else target.partition("#")
    path = Path(name)
    if skill_path is None and name and path.exists():
        if path.name == "SKILL.md" or not (path.is_file() and is_markdown(name)):
            return load(name), mark + anchor or None
        path = path.resolve()
        for folder in path.parents:
            if (folder / "SKILL.md").is_file():
                return load(str(folder)), path.relative_to(folder).as_posix() + mark + anchor
        raise NotASkillError(f"{name}: no SKILL.md in its folder or above it")
    if skill_path is None and name.startswith((".", "/", "~")):
        raise MissingPathError(name)
    return load(skill_path or None), target or None


class Skills:
    """Every skill below some paths, each loaded when it is asked for.

    What could not be looked at is said on stderr, after the skills.

    Raises (while it is gone through):
        MissingPathError: there is nothing at a path.
        NotASkillError: there is no skill below any of them.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths
        self.complete = True

    @property
    def exit_code(self) -> int:
        """3 when a limit kept something from being looked at, else 0."""
        return 0 if self.complete else 3

    def __iter__(self) -> Iterator[Skill]:
        empty = True
        for path in self.paths:
            found = discover(path)
            for root in found:
                empty = False
                skill = load(root)
                self.complete &= skill.complete
                yield skill
            self.complete &= found.complete
            for fault in found.faults:
                print(f"mlskill: {visible(f'{fault.path}: {fault.message}')}", file=sys.stderr)
        if empty:
            raise NoSkillError(self.paths)
