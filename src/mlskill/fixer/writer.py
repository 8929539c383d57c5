"""write: a file's new bytes in the place of its old ones, whole or not at all.

As in `reader.disk`, every step goes from an open folder to one name in it and follows no link. The
new bytes are written beside the file and take its name in one step: whoever reads it sees the old
file or the new one, and where the program is killed the old one is there.
"""

from __future__ import annotations

import os
import stat
from contextlib import AbstractContextManager, suppress
from secrets import token_hex

from mlskill.errors import MlskillError
from mlskill.reader.disk import Disk, DiskFolder, Handle, take
from mlskill.reader.tree import RefusedError, TooLargeError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_NEW |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class NotWrittenError(MlskillError):
    """A file was left as it is; the text says why."""


def refusal(root: str, path: str) -> str:
    """Why the file at `path` below the folder `root` is not to be written; mostly empty."""
    try:
        with _folder(root, path) as folder:
            kind = folder.entry(path.rpartition("/")[2]).kind
    except RefusedError as no:
        return no.message
    except NotWrittenError as no:
        return str(no)
    return "" if kind == "file" else "is a link and is not followed; fix the file it leads to"


def write(root: str, path: str, before: bytes, after: bytes) -> None:
    """Put `after` in the place of the file at `path` below `root`, if that still holds `before`.

    Raises:
        NotWrittenError: it does not, it is no regular file any more, or it cannot be written.
    """
    name = path.rpartition("/")[2]
    try:
        with _folder(root, path) as folder:
            _replace(folder.handle, name, before, after)
    except TooLargeError:
        raise NotWrittenError("has changed meanwhile, and was left as it is") from None
    except RefusedError as no:
        raise NotWrittenError(no.message) from None


def _folder(root: str, path: str) -> AbstractContextManager[DiskFolder]:
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise NotWrittenError("leads out of the skill")
    if "\\" in path:  # how `names.printable` writes what cannot be printed
        raise NotWrittenError("has a name that is not portable; rename it to have it fixed")
    return Disk(os.path.realpath(root)).folder(path.split("/")[:-1])


def _replace(folder: Handle, name: str, before: bytes, after: bytes) -> None:
    if take(folder, name, len(before)) != before:
        raise NotWrittenError("has changed meanwhile, and was left as it is")
    new = f".mlskill-{token_hex(8)}.tmp"
    try:
        old, made = _place(folder, name), _place(folder, new)
        at = folder if isinstance(folder, int) else None
        seen = os.stat(old, dir_fd=at, follow_symlinks=False)
        file = os.open(made, _NEW, 0o600, dir_fd=at)
        try:
            with open(file, "wb") as stream:  # noqa: PTH123 - a descriptor, which it closes
                stream.write(after)
                stream.flush()
                _as_was(file, seen)
                os.fsync(file)
            os.replace(made, old, src_dir_fd=at, dst_dir_fd=at)
        except BaseException:
            with suppress(OSError):
                os.unlink(made, dir_fd=at)
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NotWrittenError(f"could not be written ({reason})") from None


def _place(folder: Handle, name: str) -> str:
    """`name` in `folder` as calls of `os` take it beside a ``dir_fd``."""
    return name if isinstance(folder, int) else os.path.join(folder, name)  # noqa: PTH118


def _as_was(file: int, seen: os.stat_result) -> None:
    """Give the open `file` the mode that was seen, and the owner as far as that is allowed."""
    if hasattr(os, "fchown"):
        with suppress(OSError):
            os.fchown(file, seen.st_uid, seen.st_gid)
    if os.chmod in os.supports_fd:
        os.chmod(file, stat.S_IMODE(seen.st_mode))
