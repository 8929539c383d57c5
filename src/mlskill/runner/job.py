"""inspect: one skill to its report, kept or made."""

from __future__ import annotations

import posixpath
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mlskill.model import Limits, Report, Sources
from mlskill.reader import read
from mlskill.runner.key import key
from mlskill.runner.store import Cache

if TYPE_CHECKING:
    from mlskill.rules import Profile, Rule


class Checks(NamedTuple):
    """Which rules are asked; see `mlskill.rules.choose`."""

    profile: Profile = "default"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    advice: bool = False

    def rules(self) -> dict[str, Rule]:
        """The rules themselves, which are imported only for this."""
        from mlskill.rules import RULES, choose

        return choose(
            RULES, self.profile, select=self.select, ignore=self.ignore, advice=self.advice
        )


class Job(NamedTuple):
    """What is wanted of every skill; `code` is as `key.code` says, where there is a cache."""

    checks: Checks
    limits: Limits
    cache: Cache | None
    code: str


def inspect(path: str, job: Job) -> Report:
    """The report of the skill at `path`.

    Raises:
        MlskillError: it is gone, or is no skill.
    """
    sources = read(path, limits=job.limits, texts=True)
    # What no key holds, the rules do not get to see: where the skill lies, but for its folder.
    folder, main = posixpath.split(sources.location)
    around = f"/{posixpath.basename(folder)}/{main}"
    bare = replace(sources, root="", location=around)
    report: Report = _below(_known(bare, job), sources.root)
    return report


def _known(sources: Sources, job: Job) -> Report:
    """The report of `sources`, from the cache if there is one."""
    if job.cache is None:
        return _made(sources, job)
    name = key(sources, job.code, job.checks, job.limits)
    report = job.cache.get(name)
    if report is None:
        report = _made(sources, job)
        job.cache.put(name, report)
    return report


def _made(sources: Sources, job: Job) -> Report:
    from mlskill.loader import assemble
    from mlskill.validator import validate

    return validate(assemble(sources, job.limits), rules=job.checks.rules(), advice=True)


def _below(value: Any, root: str) -> Any:
    """`value`, a report or a part of one, with all its paths as they are from where the caller is.

    Whatever a report may hold: each `path` of each noun in it is one of the skill.
    """
    if root in ("", "."):
        return value
    if isinstance(value, tuple):
        return tuple(_below(item, root) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed: dict[str, Any] = {}
    for field in fields(value):
        part = getattr(value, field.name)
        if field.name == "path":
            changed["path"] = posixpath.join(root, part)
        elif isinstance(part, tuple) or is_dataclass(part):
            changed[field.name] = _below(part, root)
    return replace(value, **changed) if changed else value
