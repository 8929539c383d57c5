"""wishes: what the project and the command line want of a report."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mlskill.hidden import visible
from mlskill.model import Report
from mlskill.reader import discover
from mlskill.runner import Checks
from mlskill.settings import Project, Settings, load, project
from mlskill.settler import settle

BASELINE = ".mlskill-baseline.json"
"""The baseline that is written where none is named."""


class Wishes(NamedTuple):
    """What is wanted: `checks` to make, `settings` to obey, whose `comments` to obey."""

    project: Project
    settings: Settings
    checks: Checks
    comments: str

    @classmethod
    def of(cls, options: argparse.Namespace) -> Wishes:
        """What `options` of `validate` say; what they leave open the project's settings."""
        where = project()
        settings = Settings()
        if options.config:
            settings = load(options.config, named=True)
        elif not options.no_config:
            if where.file:
                settings = load(where.file)
            elif where.passed:
                what = "came with a skill and was not obeyed; --config names it"
                print(f"mlskill: {visible(where.passed)}: {what}", file=sys.stderr)
        checks = Checks(
            options.profile or settings.profile,
            tuple(options.select or settings.select),
            tuple(options.ignore),
            options.advice or settings.advice,
        )
        return cls(where, settings, checks, options.comments)

    def settler(self, options: argparse.Namespace) -> Callable[[Report], Report]:
        """What makes of a raw report the one that is wanted."""
        baseline = changes = None
        path = "" if options.write_baseline else self.baseline(options)
        if path:
            from mlskill.settler.baseline import Baseline

            baseline = Baseline.load(path)
        if options.changed_since:
            from mlskill.settler.changes import Changes

            limits = self.settings.limits
            roots = (root for path in options.path for root in discover(path, limits=limits))
            changes = Changes(options.changed_since, roots, limits=limits)

        def settled(report: Report) -> Report:
            obeyed = tuple(allow for allow in report.allows if self._obeys(allow.path))
            asked = replace(report, allows=obeyed)
            return settle(asked, self.settings, baseline=baseline, changes=changes)

        return settled

    def disobeyed(self, report: Report) -> str:
        """That comments of a raw report are not obeyed; empty where all are."""
        count = sum(not self._obeys(allow.path) for allow in report.allows)
        if not count or self.comments == "none":
            return ""
        return (
            f"{count:,} comments that allow a rule were not obeyed: they do not lie in "
            f"{self.project.root}; --comments all obeys them"
        )

    def baseline(self, options: argparse.Namespace) -> str:
        """The path of the baseline, if there is to be one."""
        return options.baseline or self.settings.baseline or BASELINE * options.write_baseline

    def _obeys(self, path: str) -> bool:
        """Whether comments of the file at `path` are obeyed: it is one's own, and no archive's."""
        if self.comments != "own":
            return self.comments == "all"
        real = Path(os.path.realpath(path))
        return real.is_file() and real.is_relative_to(os.path.realpath(self.project.root))
