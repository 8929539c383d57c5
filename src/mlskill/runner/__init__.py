"""check: paths to reports, one skill at a time: from a cache, and on all cores.

    key.py      what a report depends on, as a hash
    store.py    reports kept in a folder, by their key
    job.py      one skill: read it, and look its report up or make it
    workers.py  many skills: in other processes, in order

What is kept is what the rules found. Nothing that only finds a kept report again imports a rule, a
parser or YAML: a warm run is as quick as reading the files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain
from time import perf_counter

from mlskill.model import LIMITS, Limits, Report
from mlskill.reader import discover
from mlskill.runner.job import Checks, Job, inspect
from mlskill.runner.key import code
from mlskill.runner.store import Cache, cache_folder

__all__ = ["Cache", "Checks", "cache_folder", "check", "cores"]

_ALONE = 0.15
"""Seconds for which skills are checked in this process: others take about as long to start."""


def check(
    paths: Sequence[str | os.PathLike[str]],
    checks: Checks = Checks(),  # noqa: B008 - a tuple: nobody can change it
    *,
    limits: Limits = LIMITS,
    jobs: int = 1,
    cache: Cache | None = None,
) -> Iterator[Report]:
    """The report of each skill at or below `paths`, in order, then of what could not be searched.

    With more than one of `jobs`, what takes longer than a moment goes on in so many processes. No
    more than a few reports wait to be taken.

    Raises:
        MissingPathError: there is nothing at a path.
        NotASkillError: a path is a file, but neither a ``SKILL.md`` nor an archive.
        UnknownNameError: `checks` name a rule or profile that does not exist.
        WorkerLostError: a process ended while it worked.
    """
    searches = [discover(path, limits=limits) for path in paths]
    roots = chain.from_iterable(searches)
    job = Job(checks, limits, cache, code() if cache else "")
    until = perf_counter() + _ALONE
    for root in roots:
        yield inspect(root, job)
        if jobs > 1 and perf_counter() > until and (root := next(roots, "")):
            from mlskill.runner.workers import spread

            yield from spread(chain((root,), roots), job, jobs)
    faults = [fault for search in searches for fault in search.faults]
    if faults:
        from mlskill.validator import unsearched

        yield unsearched(faults, rules=checks.rules())


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
