"""Files that are whole or not there, and what a stage leaves behind.

A stage killed at any point leaves its old files or its new ones, never half of one: everything is
written beside its place and moved there in one step; on an object store it is one put. Change:
nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path to write to; it becomes `path` when the block ends, and is dropped when it fails."""
    if not isinstance(path, Path):  # an object store, where one put is atomic
        with tempfile.TemporaryDirectory() as folder:
            yield (part := Path(folder) / path.name)
            path.fs.put_file(str(part), path.path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sweep(root: Path) -> None:
    """Remove what a killed run was writing; one run at a time works in a folder."""
    for part in root.rglob(".*.part"):
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink()


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in one step."""
    with replaced(path) as part:
        part.write_text(text, "utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` in one step."""
    write_text(path, json.dumps(value, indent=1, default=lambda number: number.item()) + "\n")


def read_json(path: Path) -> Any:
    """What `write_json` wrote."""
    return json.loads(path.read_text("utf-8"))


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write `frame` as Parquet to `path` in one step."""
    with replaced(path) as part:
        frame.to_parquet(part, index=False)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Gate:
    """A number that must lie within bounds before the next stage may start."""

    name: str
    value: float
    low: float = float("-inf")
    high: float = float("inf")
    timed: bool = False
    """Whether it depends on the machine: with ``--shared`` it is told, and stops nothing."""

    @property
    def held(self) -> bool:
        """Whether it does; a value that is not a number never does."""
        return self.low <= self.value <= self.high

    def __str__(self) -> str:
        bounds = f"{self.low:g} to {self.high:g}"
        return f"{'held  ' if self.held else 'FAILED'} {self.name}: {self.value:.4g} ({bounds})"


@dataclass(frozen=True, slots=True)
class Result:
    """What a stage found: figures to read, gates to pass."""

    figures: dict[str, Any]
    gates: list[Gate]
