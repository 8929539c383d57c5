"""A job's folder: what a program is given, and what it leaves there."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_OURS = re.compile(rf'^  File "{re.escape(str(Path(__file__).parent))}.*\n', re.MULTILINE)
"""A frame of this package in a dump of the interpreter's stacks."""


@dataclass(frozen=True, slots=True)
class Job:
    """A program: `blocks` as `program` wants them, and the files of its working directory.

    `name` is the file that tracebacks name; `modules` are those of `files` that it may import.
    """

    name: str
    blocks: Sequence[Mapping[str, Any]]
    files: Mapping[str, bytes] = field(default_factory=dict)
    modules: Sequence[str] = ()
    kind: str = "run"


@dataclass(frozen=True, slots=True)
class Ran:
    """What happened: each block's ending by its position, and how the process ended.

    `ending` is ``exit 0``, ``exit -11`` (a signal), ``timeout``, ``output`` (too much) or
    ``lost``; `at` is the position of the block it was in, `errors` the last of its stderr.
    """

    ending: str
    endings: Mapping[int, Mapping[str, Any]]
    at: int
    imported: frozenset[str]
    errors: str


def write(job: Job, folder: Path) -> None:
    """Lay out `job` in `folder`, which must not exist."""
    work = folder / "work"
    work.mkdir(parents=True)
    for name, data in job.files.items():
        path = work / name
        with contextlib.suppress(OSError, ValueError):  # a name that no file can have here
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    told = {"name": job.name, "kind": job.kind, "blocks": job.blocks, "files": job.modules}
    (folder / "job.json").write_text(json.dumps(told), "utf-8")


def result(folder: Path) -> Ran:
    """What a program left in its folder."""
    endings: dict[int, Mapping[str, Any]] = {}
    imported, at = set(), -1
    for line in _lines(folder / "log"):
        if "imported" in line:
            imported.add(line["imported"])
        elif "rule" in line:
            endings[line["block"]], at = line, -1
        else:
            at = line["block"]
    try:
        ending = (folder / "ending").read_text()
    except OSError:
        ending = "lost"
    errors = _OURS.sub("", _tail(folder / "stderr"))
    return Ran(ending, endings, at, frozenset(imported), errors)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with contextlib.suppress(OSError):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError):
                yield json.loads(line)


def _tail(path: Path, size: int = 8000) -> str:
    """The last `size` bytes of a file, as text."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
