"""write: a pack to disk, whole or not at all, and over nothing but what was written here before.

Beside a folder or archive NAME stands NAME.sha256, in the format of ``sha256sum``: the digests of
its files, which say later whether it is still what was written.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlskill.errors import PackError
from mlskill.packer.archive import mode

if TYPE_CHECKING:
    from mlskill.packer import Pack

ARCHIVES = (".zip", ".skill")
"""How the name of an archive ends, in lower case."""


def write(pack: Pack, output: str | os.PathLike[str], *, force: bool = False) -> str:
    """Write `pack` to `output`, an archive if its name says so, else a folder; returns the digests.

    It is built beside `output` and renamed, so that nobody finds a half of it. What is already
    there goes only if it is, to the byte, what NAME.sha256 says was written, or with `force`.

    Raises:
        PackError: something else is there, or it cannot be written.
    """
    path = Path(os.path.abspath(output))  # noqa: PTH100  (resolve would follow a link)
    try:
        record = path.with_name(path.name + ".sha256")
        if not (force or _free(path) or _ours(path, record)):
            what = "is not what mlskill wrote there; choose another output, or force it"
            raise PackError(f"{output}: {what}")
        path.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".mlskill-", dir=path.parent))
        try:
            digests = _build(pack, stage / "new", path.name)
            _put(stage / "new", path, stage / "old")
            (stage / "digests").write_text(digests, encoding="utf-8", newline="\n")
            (stage / "digests").replace(record)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except ValueError as error:  # a NUL, or no name at all
        raise PackError(f"{output}: names no file or folder ({error})") from None
    except OSError as error:
        raise PackError(f"could not write {output}: {error.strerror}") from None
    return digests


def _build(pack: Pack, new: Path, name: str) -> str:
    """Write what is to be called `name` to `new`; returns its digests."""
    if name.lower().endswith(ARCHIVES):
        data = pack.archive()
        _file(new, data, 0o644)
        return f"{hashlib.sha256(data).hexdigest()}  {name}\n"
    new.mkdir()
    for path, data in pack.files.items():
        (new / path).parent.mkdir(parents=True, exist_ok=True)
        _file(new / path, data, mode(data))
    return "".join(f"{digest}  {name}/{path}\n" for path, digest in pack.digests.items())


def _file(path: Path, data: bytes, permissions: int) -> None:
    path.touch(permissions, exist_ok=False)
    path.write_bytes(data)


def _put(new: Path, path: Path, old: Path) -> None:
    """Rename `new` to `path`; what was there goes to `old`, or comes back if that fails."""
    if os.path.lexists(path) and (path.is_dir() or new.is_dir()):
        path.rename(old)  # a folder cannot be replaced in one step
    try:
        new.replace(path)
    except BaseException:
        if os.path.lexists(old):
            old.rename(path)
        raise


def _free(path: Path) -> bool:
    """Whether there is nothing at `path`, or a folder with nothing in it."""
    if not os.path.lexists(path):
        return True
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def _ours(path: Path, record: Path) -> bool:
    """Whether `path` is to the byte what `record` says was written."""
    try:
        lines = record.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    said = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    files = [path] if not path.is_dir() else [p for p in path.rglob("*") if not _folder(p)]
    found = {file.relative_to(path.parent).as_posix(): file for file in files}
    return said.keys() == found.keys() and all(
        file.is_file() and not file.is_symlink() and _digest(file) == said[name]
        for name, file in found.items()
    )


def _folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
