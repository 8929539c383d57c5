"""Where the tools find skills: what they ask for, and the skills of one call of `tools`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from mlskill.errors import UnknownNameError
from mlskill.model import Hit, Skill
from mlskill.searcher import Index, search


class Library(Protocol):
    """Skills by name."""

    @property
    def names(self) -> Sequence[str]:
        """Every skill's name; no two are equal."""

    def description(self, name: str) -> str:
        """What the skill `name` is for."""

    def skill(self, name: str) -> Skill:
        """The skill `name`; raises `UnknownNameError` when there is none."""

    def search(self, query: str, limit: int) -> Sequence[tuple[str, Hit]]:
        """The sections of all skills that answer `query`, each with its skill's name."""


class Loaded:
    """Skills that are in memory; of several with one name each gets a number of its own."""

    def __init__(self, skills: Iterable[Skill]) -> None:
        self._skills: dict[str, Skill] = {}
        for skill in skills:
            name, number = skill.name, 1
            while name in self._skills:
                name, number = f"{skill.name}-{number + 1}", number + 1
            self._skills[name] = skill

    @property
    def names(self) -> Sequence[str]:
        """The skills in the order in which they came."""
        return (*self._skills,)

    def description(self, name: str) -> str:
        """The frontmatter's."""
        return self.skill(name).description

    def skill(self, name: str) -> Skill:
        """The skill `name`."""
        if name not in self._skills:
            raise UnknownNameError("skill", name, self._skills)
        return self._skills[name]

    def search(self, query: str, limit: int) -> Sequence[tuple[str, Hit]]:
        """The sections that answer `query`."""
        if len(self._skills) == 1:
            [(name, skill)] = self._skills.items()
            return [(name, hit) for hit in search(skill, query, limit=limit)]
        return [owned(hit, self._skills) for hit in search(self._index, query, limit=limit)]

    @cached_property
    def _index(self) -> Index:
        # A hit of several skills starts with its skill's root: here, that is the unique name.
        return Index(replace(skill, root=name) for name, skill in self._skills.items())


def owned(hit: Hit, names: Iterable[str]) -> tuple[str, Hit]:
    """The one of `names` with which the path of `hit` starts, and the hit as its skill's own."""
    name = max((n for n in names if hit.path.startswith(n.rstrip("/") + "/")), key=len)
    return name, replace(hit, path=hit.path[len(name.rstrip("/")) + 1 :])
