"""Progress: on a terminal, how far a long run is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from time import monotonic

from mlskill.model import Report

_PATIENCE = 1.0
_PAUSE = 0.1


def watched(reports: Iterator[Report]) -> Iterator[Report]:
    """`reports`; when a second has gone, a line on stderr says how many there were, if one sees it.

    The line is gone when they end, in whatever way.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield from reports
        return
    skills, due = 0, monotonic() + _PATIENCE
    shown = False
    try:
        for report in reports:
            skills += report.skills
            if (now := monotonic()) >= due:
                shown, due = True, now + _PAUSE
                sys.stderr.write(f"\r{skills:,} skills checked")
                sys.stderr.flush()
            yield report
    finally:
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
