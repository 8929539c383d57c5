"""spread: skills checked in other processes, their reports in the order of the skills."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from mlskill.errors import MlskillError, NotASkillError, WorkerLostError
from mlskill.model import Report
from mlskill.runner.job import Job, inspect

_CHUNK = 8
"""Skills that a process is handed at once."""
_AHEAD = 4
"""Chunks for each process that are on their way: all that is in memory at a time."""
_MOST = 61
"""Processes that Windows lets one wait for."""

_Answer = tuple[list[Report], str]
"""Reports, and what kept the next one from being made; empty when nothing did."""


def spread(roots: Iterator[str], job: Job, jobs: int) -> Iterator[Report]:
    """The reports of the skills at `roots`, made by `jobs` processes.

    Raises:
        WorkerLostError: a process ended while it worked.
        MlskillError: a skill is gone.
    """
    before = {*multiprocessing.active_children()}
    # A copy of this process starts at once, but must not be made while other threads hold locks.
    alone = sys.platform == "linux" and len([*Path("/proc/self/task").iterdir()]) == 1
    context = multiprocessing.get_context("fork" if alone else "spawn")
    pool = ProcessPoolExecutor(min(jobs, _MOST), mp_context=context, initializer=_start)
    waiting: deque[tuple[list[str], Future[_Answer]]] = deque()
    try:
        for chunk in iter(lambda: [*islice(roots, _CHUNK)], []):
            waiting.append((chunk, pool.submit(_inspect_all, chunk, job)))
            if len(waiting) > jobs * _AHEAD:
                yield from _taken(*waiting.popleft())
        while waiting:
            yield from _taken(*waiting.popleft())
    except BaseException:  # Ctrl-C, too: nobody waits for what is still being made
        for process in {*multiprocessing.active_children()} - before:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _taken(chunk: list[str], future: Future[_Answer]) -> Iterator[Report]:
    try:
        reports, fault = future.result()
    except BrokenProcessPool:
        raise WorkerLostError(chunk[0], chunk[-1]) from None
    yield from reports
    if fault:
        raise NotASkillError(fault)


def _inspect_all(roots: list[str], job: Job) -> _Answer:
    reports: list[Report] = []
    try:
        for root in roots:
            reports.append(inspect(root, job))
    except MlskillError as error:  # as text: not every exception can be sent
        return reports, str(error)
    return reports, ""


def _start() -> None:
    """In a new process: end at Ctrl-C without a word, and when the process that asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
