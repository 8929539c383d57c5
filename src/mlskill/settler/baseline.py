"""Baseline: the findings of an old tree, in a file that is kept beside it.

A finding is known by its rule, its path from the baseline's folder and the text of its line, so
that lines which are added or moved do not make it new; see `formats.identity`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from mlskill.errors import MlskillError
from mlskill.formats.identity import fingerprints
from mlskill.formats.json import dump
from mlskill.model import Finding
from mlskill.reader.disk import take
from mlskill.reader.tree import RefusedError, TooLargeError

VERSION = 1
MOST = 64 << 20
"""Bytes of a baseline that are read."""


class Baseline:
    """The baseline that is, or will be, the file at `path`."""

    def __init__(self, path: str, known: Iterable[str] = ()) -> None:
        self.path, self.known = path, frozenset(known)

    @classmethod
    def load(cls, path: str) -> Baseline:
        """The baseline in the file at `path`.

        Raises:
            MlskillError: it is none.
        """
        try:
            data = json.loads(take(None, os.path.realpath(path), MOST))
        except TooLargeError:
            raise MlskillError(f"{path}: is larger than {MOST} bytes") from None
        except RefusedError as no:
            raise MlskillError(f"{path}: {no.message.partition(';')[0]}") from None
        except OSError as error:
            what = f"could not be read ({error.strerror}); write it with --write-baseline"
            raise MlskillError(f"{path}: {what}") from None
        except (ValueError, RecursionError):
            raise MlskillError(f"{path}: is no baseline: not JSON") from None
        try:
            if data["version"] != VERSION:
                raise MlskillError(f"{path}: is of version {data['version']}, not {VERSION}")
            return cls(path, [str(item["fingerprint"]) for item in data["findings"]])
        except (KeyError, TypeError):
            what = "is no baseline; write it anew with --write-baseline"
            raise MlskillError(f"{path}: {what}") from None

    def reasons(self, findings: tuple[Finding, ...]) -> Callable[[Finding], str]:
        """What tells for each of `findings` whether the baseline has it."""
        marks = dict(zip(findings, self.marks(findings), strict=True))
        return lambda finding: self.path if marks[finding] in self.known else ""

    def text(self, findings: tuple[Finding, ...]) -> str:
        """A baseline of `findings`, to be written to the file."""
        listed = [
            {"path": self._from_here(f), "rule": f.rule, "message": f.message, "fingerprint": mark}
            for f, mark in zip(findings, self.marks(findings), strict=True)
        ]
        return dump({"version": VERSION, "findings": listed})

    def marks(self, findings: tuple[Finding, ...]) -> list[str]:
        """What each of `findings` is known by."""
        return [*fingerprints(replace(f, path=self._from_here(f)) for f in findings)]

    def _from_here(self, finding: Finding) -> str:
        folder = Path(self.path).absolute().parent
        return os.path.relpath(Path(finding.path).absolute(), folder).replace(os.sep, "/")
