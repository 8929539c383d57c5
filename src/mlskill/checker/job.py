"""inspect: one skill to its report, kept or made."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mlskill.checker.key import key
from mlskill.checker.store import Cache
from mlskill.model import Limits, Report, Sources
from mlskill.reader import read

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
    sources = read(path, limits=job.limits)
    # What no key holds, the rules do not get to see: where the skill lies, but for its folder.
    folder, main = posixpath.split(sources.location)
    around = f"/{posixpath.basename(folder)}/{main}"
    bare = replace(sources, root="", location=around)
    if job.cache is None:
        return _below(_made(bare, job), sources.root)
    name = key(bare, job.code, job.checks, job.limits)
    report = job.cache.get(name)
    if report is None:
        report = _made(bare, job)
        job.cache.put(name, report)
    return _below(report, sources.root)


def _made(sources: Sources, job: Job) -> Report:
    from mlskill.loader import assemble
    from mlskill.validator import validate

    return validate(assemble(sources, job.limits), rules=job.checks.rules(), advice=True)


def _below(report: Report, root: str) -> Report:
    """`report` with its paths as they are from where the caller stands."""
    if root in ("", "."):
        return report

    moved = (replace(f, path=posixpath.join(root, f.path)) for f in report.findings)
    return replace(report, findings=tuple(moved))
