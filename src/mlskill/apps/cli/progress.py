"""Progress: on a terminal, how far a long run is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from time import monotonic

from mlskill.model import Report

_PATIENCE = 1.0
_PAUSE = 0.1


class Progress(AbstractContextManager["Progress"]):
    """When a second has gone, a line on stderr says how many skills are `done`, if one sees it.

    The line is gone at the end, however it comes.
    """

    def __init__(self, done: str) -> None:
        self.done, self.skills, self.shown = done, 0, False
        self.seen = sys.stderr is not None and sys.stderr.isatty()
        self.due = monotonic() + _PATIENCE

    def more(self, skills: int) -> None:
        """So many more are done."""
        self.skills += skills
        if self.seen and (now := monotonic()) >= self.due:
            self.shown, self.due = True, now + _PAUSE
            self._say(f"\r{self.skills:,} skills {self.done}")

    def __exit__(self, *error: object) -> None:
        if self.shown:
            self._say("\r\x1b[K")

    def _say(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def watched(reports: Iterator[Report]) -> Iterator[Report]:
    """`reports`, and how many skills they are about."""
    with Progress("checked") as progress:
        for report in reports:
            progress.more(report.skills)
            yield report
