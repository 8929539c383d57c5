"""A tree on disk, and the one function of the package that opens a stranger's file.

Every step goes from an open folder to one name in it and follows no link, so that nobody who
changes the tree meanwhile can lead a step astray, and no path is too long. Where the platform has
no such calls (Windows), paths are joined instead, and what was opened is compared with what was
looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import NamedTuple

from mlskill.model import Fault
from mlskill.reader.names import SKIPPED
from mlskill.reader.tree import NOT_REGULAR, Kind, RefusedError, TooLargeError

Handle = int | str
"""An open folder: its descriptor, or its path where there are none of folders."""

_BY_DESCRIPTOR = {os.open, os.stat} <= os.supports_dir_fd and os.scandir in os.supports_fd
_SAFELY = sum(
    getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY")
)
_FILE = os.O_RDONLY | _SAFELY | getattr(os, "O_BINARY", 0)
_FOLDER = os.O_RDONLY | _SAFELY | getattr(os, "O_DIRECTORY", 0)

_CHUNK = 1 << 16

_ESCAPES = "is a link that leads out of the skill, and was not read; put the file in its place"
_DANGLES = "is a link that leads nowhere; put the file in its place"


def take(folder: Handle | None, name: str, most: int) -> bytes:
    """The bytes of the regular file `name` in `folder`; with None, `name` is a path.

    Raises:
        TooLargeError: there are more than `most`, maybe only since it has been looked at.
        RefusedError: it is no regular file, or has become another one meanwhile.
        OSError: it cannot be read.
    """
    path, at = _at(folder, name)
    seen = os.stat(path, dir_fd=at, follow_symlinks=False)
    if not stat.S_ISREG(seen.st_mode):
        raise RefusedError("file-not-regular", NOT_REGULAR)
    if seen.st_size > most:
        raise TooLargeError(seen.st_size)
    file = os.open(path, _FILE, dir_fd=at)
    try:
        now = os.fstat(file)
        # The kind is compared too: the number of a removed file may already be another's.
        if not (os.path.samestat(seen, now) and stat.S_ISREG(now.st_mode)):
            raise RefusedError("file-unreadable", "changed while it was read; read it again")
        data = os.read(file, seen.st_size + 1)
        # Nothing more comes, unless the file has grown or the system gave less than it has.
        while len(data) <= most and (more := os.read(file, min(_CHUNK, most + 1 - len(data)))):
            data += more
    finally:
        os.close(file)
    if len(data) > most:
        raise TooLargeError(len(data))
    return data


def _at(folder: Handle | None, name: str) -> tuple[str, int | None]:
    """`name` in `folder` as the path and the ``dir_fd`` that calls of `os` take."""
    if isinstance(folder, str):
        return os.path.join(folder, name), None  # noqa: PTH118 - a str, which pathlib would rebuild
    return name, folder


def _look(folder: Handle, name: str) -> os.stat_result:
    path, at = _at(folder, name)
    try:
        return os.stat(path, dir_fd=at, follow_symlinks=False)
    except OSError as error:
        raise unreadable(error) from None


class DiskEntry(NamedTuple):
    """A name in an open folder."""

    folder: Handle
    name: str
    kind: Kind

    def size(self) -> int:
        """Its bytes; raises `RefusedError` where it is gone."""
        return _look(self.folder, self.name).st_size

    def read(self, most: int) -> bytes:
        """All of its bytes; raises as `take`, but `RefusedError` for `OSError`."""
        try:
            return take(self.folder, self.name, most)
        except OSError as error:
            raise unreadable(error) from None


class DiskFolder:
    """An open folder."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def __iter__(self) -> Iterator[DiskEntry]:
        with os.scandir(self.handle) as entries:
            for entry in entries:
                yield DiskEntry(self.handle, entry.name, _kind(entry))

    def entry(self, name: str) -> DiskEntry:
        """The entry of this name; raises `RefusedError` when there is none."""
        mode = _look(self.handle, name).st_mode
        kinds: dict[int, Kind] = {
            stat.S_IFREG: "file",
            stat.S_IFDIR: "folder",
            stat.S_IFLNK: "link",
        }
        return DiskEntry(self.handle, name, kinds.get(stat.S_IFMT(mode), "other"))


def _kind(entry: os.DirEntry[str]) -> Kind:
    # A junction of Windows is a link that calls itself a folder; before 3.12 Python cannot tell.
    if entry.is_symlink() or getattr(entry, "is_junction", bool)():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


class Disk:
    """The tree under the folder at `root`, a path without links."""

    faults: Sequence[Fault] = ()

    def __init__(self, root: str) -> None:
        self.root = root

    @contextmanager
    def folder(self, names: Sequence[str]) -> Iterator[DiskFolder]:
        """The folder at `names`; an `OSError` in the context becomes `RefusedError`."""
        try:
            handle = self._open(names)
            try:
                yield DiskFolder(handle)
            finally:
                if isinstance(handle, int):
                    os.close(handle)
        except OSError as error:
            raise unreadable(error) from None

    def _open(self, names: Sequence[str]) -> Handle:
        if not _BY_DESCRIPTOR:
            path = self.root
            for name in names:
                path, _ = _at(path, name)
                if not stat.S_ISDIR(os.lstat(path).st_mode):
                    raise RefusedError(
                        "file-unreadable", "changed while it was read; read it again"
                    )
            return path
        folder = os.open(self.root, _FOLDER)
        for name in names:
            try:
                below = os.open(name, _FOLDER, dir_fd=folder)
            finally:
                os.close(folder)
            folder = below
        return folder

    def target(self, names: Sequence[str]) -> tuple[str, ...]:
        """Where the link at `names` leads in this tree; raises `RefusedError` if it leaves it.

        The answer is only a place to look: reading it follows no link, so it cannot be led astray.
        """
        try:
            real = os.path.realpath(os.path.join(self.root, *names), strict=True)  # noqa: PTH118
        except OSError:
            raise RefusedError("symlink-escapes", _DANGLES) from None
        if real == self.root:
            return ()
        inside = real.removeprefix(self.root.rstrip(os.sep) + os.sep)
        parts = PurePath(inside).parts
        # What is skipped is no part of the skill: .git/config may hold a password.
        if inside == real or not SKIPPED.isdisjoint(parts):
            raise RefusedError("symlink-escapes", _ESCAPES)
        return parts

    def leads_away(self, names: Sequence[str], name: str) -> bool:
        """Whether the link at `names` leads out of this tree, to a folder that holds `name`."""
        try:
            self.target(names)
        except RefusedError:
            return os.path.lexists(os.path.join(self.root, *names, name))  # noqa: PTH118
        return False


def unreadable(error: OSError) -> RefusedError:
    """An `OSError` as a fault."""
    reason = error.strerror or type(error).__name__
    return RefusedError("file-unreadable", f"could not be read ({reason}); make it readable")
