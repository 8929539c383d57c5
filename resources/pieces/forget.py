"""Delete a person from every copy, prove it, and keep them out when a backup or a late row returns.

Call `paths = find_copies(folder, "ann@x.org")`.

Copy the file; it needs the standard library, and pyarrow to look into Parquet. Write one small
class a store (table, feature store, cache, search and vector index, logs, exports, label tool) with
`name`, `count(subject)` and `erase(subject)`; run `Ledger.work` daily until it returns {}. Models
are stores too: `erase` marks them for retraining. Change `find_copies` for your file formats.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

Row = TypeVar("Row")


class Store(Protocol):
    """A copy of the data: `count` must look at what is stored, not at what `erase` believes."""

    @property
    def name(self) -> str:
        """Its name in the ledger."""

    def count(self, subject: str) -> int:
        """Records about the subject, old versions included."""

    def erase(self, subject: str) -> None:
        """Remove them for good; safe to repeat."""


class Ledger:
    """Who asked to be forgotten, and where they still are; survives a kill between any two steps.

    The name is kept only until all stores are clean, then an HMAC of it: a plain hash of a phone
    number or an address is reversed in seconds. Keep `secret` elsewhere than the ledger.
    """

    def __init__(self, path: Path, secret: bytes) -> None:
        self._path, self._secret = path, secret
        self._asked: dict[str, dict[str, Any]] = {}
        if path.exists():
            self._asked = json.loads(path.read_text())

    def ask(self, subject: str, day: str) -> None:
        """Note a request of `day` (ISO); from now on `without` keeps the subject out."""
        held = self._asked.setdefault(self._mark(subject), {"day": day})
        held["subject"] = subject
        self._save()

    def work(self, stores: Sequence[Store]) -> dict[str, dict[str, str]]:
        """Erase all open subjects from all stores; returns what is left, by day of the request."""
        left: dict[str, dict[str, str]] = {}
        for held in self._asked.values():
            if (subject := held.get("subject")) is None:
                continue
            reasons = {}
            for store in stores:
                if reason := _erased(store, subject):
                    reasons[store.name] = reason
            if reasons:
                left.setdefault(held["day"], {}).update(reasons)
            else:
                del held["subject"]
                self._save()
        return left

    def gone(self, subject: str) -> bool:
        """Whether the subject has asked to be forgotten."""
        return self._mark(subject) in self._asked

    def without(self, rows: Iterable[Row], subject: Callable[[Row], str]) -> Iterator[Row]:
        """The rows of those who did not ask: put it behind every restore, replay and backfill."""
        return (row for row in rows if not self.gone(subject(row)))

    def _mark(self, subject: str) -> str:
        return hmac.new(self._secret, subject.encode(), hashlib.sha256).hexdigest()

    def _save(self) -> None:
        temporary = self._path.with_name(f"{self._path.name}.part")
        with temporary.open("w") as file:
            json.dump(self._asked, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)


def _erased(store: Store, subject: str) -> str:
    """Why the subject is not erased from the store; empty if it is."""
    try:
        store.erase(subject)
        count = store.count(subject)
    except Exception as error:  # one broken store must not keep the data in the others
        return f"{type(error).__name__}: {error}"
    return f"{count} records are still there" if count else ""


def find_copies(folder: Path, subject: str) -> dict[Path, str]:
    """Files below `folder` that hold the subject or its plain hash, and which of them.

    Reads Parquet and gzip, everything else as bytes: what other formats compress is not seen.
    """
    hashes = (hashlib.md5, hashlib.sha1, hashlib.sha256)
    needles = {"the subject": subject.encode()} | {
        f"its {kind().name}": kind(subject.encode()).hexdigest().encode() for kind in hashes
    }
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = _content(path)
        what = [name for name, needle in needles.items() if needle in content]
        if what:
            found[path] = " and ".join(what)
    return found


def _content(path: Path) -> bytes:
    """The bytes of a file, decompressed; of Parquet the rows and the footer with its statistics."""
    raw = path.read_bytes()
    if raw[:4] == b"PAR1":
        import pyarrow.parquet as pq

        rows = (str(batch.to_pylist()).encode() for batch in pq.ParquetFile(path).iter_batches())
        return raw + b"".join(rows)
    return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
