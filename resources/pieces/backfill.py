"""Build a table part by part: a kill at any moment loses nothing, doubles nothing, shows no half.

Call `backfill(folder, days, build)` and `files(folder)`.

Copy the file; it needs the standard library and a POSIX file system (on an object store commit to a
Delta or Iceberg table instead). ``backfill(folder, days, build)`` and ``files(folder)`` are all
that a job and its readers call. Parts are days, shards or tenants. `build(part)` makes its bytes
from its inputs alone, `fingerprint(part)` names the state of those inputs, `code` the version of
the program. What is unchanged is not built again; readers see the last complete version until the
next one is. Change nothing; pass your functions. Record `Built.version` with the training run.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Built:
    """The version that readers now see, and which of its parts were built for it."""

    version: str
    built: tuple[str, ...]
    kept: tuple[str, ...]


def backfill(
    folder: Path,
    parts: Iterable[str],
    build: Callable[[str], bytes],
    code: str = "",
    fingerprint: Callable[[str], str] = lambda part: "",
    again: Collection[str] = (),
) -> Built:
    """Bring `folder` to the given parts and publish them as one version; safe to run again.

    Without `fingerprint` the inputs of a part never change. Parts in `again` are built even if
    unchanged, and must come out the same to the byte. Raises
    BlockingIOError while another backfill of the folder runs, RuntimeError if inputs change while
    they are read or a build is not deterministic, ValueError for a part that is no file name.
    """
    for name in ("data", "receipts", "versions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        for rest in folder.glob("*/*.part"):
            rest.unlink()  # of a run that was killed
        manifest, built, kept = {}, [], []
        for part in sorted(set(parts)):
            if not re.fullmatch(r"[\w=-][\w=.-]*", part):
                raise ValueError(f"{part!r} is no file name")
            made_from = _digest(json.dumps([code, state := fingerprint(part)]).encode())
            receipt = folder / "receipts" / part
            old = json.loads(receipt.read_text()) if receipt.exists() else {}
            same = old.get("made_from") == made_from and (folder / "data" / old["data"]).exists()
            if same and part not in again:
                manifest[part] = old["data"]
                kept.append(part)
                continue
            content = build(part)
            if fingerprint(part) != state:
                raise RuntimeError(f"the inputs of {part} changed while they were read")
            manifest[part] = _digest(content)
            if same and manifest[part] != old["data"]:
                raise RuntimeError(f"{part} came out differently from the same code and inputs")
            # The receipt comes after the data: one without the other is built again.
            _put(folder / "data" / manifest[part], content)
            receipt_text = json.dumps({"made_from": made_from, "data": manifest[part]})
            _put(receipt, receipt_text.encode())
            built.append(part)
        text = json.dumps(manifest, sort_keys=True).encode()
        version = _digest(text)[:16]
        _put(folder / "versions" / version, text)
        _put(folder / "current", version.encode())
        return Built(version, tuple(built), tuple(kept))


def files(folder: Path, version: str | None = None) -> dict[str, Path]:
    """The file of each part of a version, by default the current one; each is read and compared.

    Raises FileNotFoundError if there is no such version, OSError for a file that is damaged.
    """
    name = (folder / "current").read_text() if version is None else version
    manifest = json.loads((folder / "versions" / name).read_text())
    found = {part: folder / "data" / digest for part, digest in manifest.items()}
    for part, path in found.items():
        if _digest(path.read_bytes()) != path.name:
            raise OSError(f"{part} of version {name} is damaged: {path}")
    return found


def prune(folder: Path, keep: Collection[str]) -> list[str]:
    """Remove all versions but the current one and `keep`, with the data that only they used.

    Deleting somebody's rows is not done before this. Returns the versions that are gone.
    """
    with _alone(folder):
        kept = {(folder / "current").read_text(), *keep}
        gone = [path for path in (folder / "versions").iterdir() if path.name not in kept]
        for path in gone:
            path.unlink()
        manifests = [json.loads(path.read_text()) for path in (folder / "versions").iterdir()]
        used = {digest for manifest in manifests for digest in manifest.values()}
        for path in (folder / "data").iterdir():
            if path.name not in used:
                path.unlink()
        return sorted(path.name for path in gone)


def _put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and have it on the disk before returning."""
    temporary = path.with_name(f"{path.name}.part")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)  # noqa: PTH105 - the test kills here
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel drops it when the process dies, unlike a lock file."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
