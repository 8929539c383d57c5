"""Cache: reports kept in a folder, by their key.

A kept report is JSON behind the hash of its key and its bytes: what was cut off, spoilt or put
under another name is as if it were not there, and so is a folder that others can write to. Files
come into being whole, so that any number of runs may share the folder; the oldest make room.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mlskill import model
from mlskill.caches import cache_folder, trusted, write_whole
from mlskill.model import Report
from mlskill.reader.disk import take
from mlskill.reader.tree import RefusedError, TooLargeError
from mlskill.runner.key import blake2b

__all__ = ["Cache", "cache_folder"]

_ENTRY = 256 << 10
"""Bytes of one report; a larger one is not kept."""
_SHARD = 1 << 20
"""Bytes of all reports whose keys begin with the same two characters: 256 MB in all."""

_NOUNS = {
    name: noun
    for name, noun in vars(model).items()
    if isinstance(noun, type) and is_dataclass(noun)
}


class Cache(NamedTuple):
    """The reports kept in `folder`; nothing that may be wrong with it raises."""

    folder: str

    @classmethod
    def at(cls, folder: str | None) -> Cache | None:
        """The cache in `folder`, made if need be; None where it cannot be trusted or written."""
        return cls(folder) if folder and trusted(folder) else None

    def get(self, key: str) -> Report | None:
        """The report kept under `key`."""
        try:
            stamp, _, body = take(None, str(self._path(key)), _ENTRY).partition(b"\n")
        except (OSError, RefusedError, TooLargeError):
            return None
        if stamp != _stamp(key, body):
            return None
        try:
            report = _noun(json.loads(body))
        except (ValueError, TypeError, LookupError):
            return None
        return report if isinstance(report, Report) else None

    def put(self, key: str, report: Report) -> None:
        """Keep `report` under `key`, if it is not too large and can be written."""
        body = json.dumps(_plain(report), separators=(",", ":")).encode()
        if len(body) > _ENTRY - 100:
            return
        path = self._path(key)
        try:
            write_whole(path, _stamp(key, body) + b"\n" + body)
            _trim(path.parent)
        except OSError:  # a full or read-only disk: then it is made again next time
            return

    def _path(self, key: str) -> Path:
        return Path(self.folder, key[:2], key[2:])


def _stamp(key: str, body: bytes) -> bytes:
    return blake2b(key.encode() + body, digest_size=20).hexdigest().encode()


def _plain(value: Any) -> Any:
    """`value` as JSON has it: a noun as its name and its fields, a tuple as a list of its items."""
    if is_dataclass(value):
        names = (field.name for field in fields(value))
        return [type(value).__name__, *(_plain(getattr(value, name)) for name in names)]
    return ["", *map(_plain, value)] if isinstance(value, tuple) else value


def _noun(value: Any) -> Any:
    """What `_plain` was given."""
    if not isinstance(value, list):
        return value
    items = [*map(_noun, value[1:])]
    return _NOUNS[value[0]](*items) if value[0] else tuple(items)


def _trim(shard: Path) -> None:
    """Remove the oldest files of a shard that has grown too large, until it is half as large."""
    files = []
    for path in shard.iterdir():
        with suppress(FileNotFoundError):  # another run has removed it
            status = path.lstat()
            files.append((status.st_mtime_ns, status.st_size, path))
    size = sum(size for _, size, _ in files)
    if size > _SHARD:
        for _, part, path in sorted(files):
            path.unlink(missing_ok=True)
            size -= part
            if size <= _SHARD // 2:
                break
