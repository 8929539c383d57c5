"""meets: one stage meets one attack, in a process with little time and memory that is watched.

Of the stage is wanted that it ends in time, that no more than an `MlskillError` comes out of it,
that nothing was executed, nothing opened but the skill and what Python itself is made of, nothing
in the tree was changed, and that nothing from outside of the skill is in what it says.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import mlskill
from hostile.cases import CANARY, Case

SECONDS = 30
"""Of the processor, for one stage and one attack: several times what the slowest takes."""
MEMORY = 1 << 30
"""Bytes of memory that a stage may take on top of what Python and the libraries do."""

Stage = Callable[[Path], object]
"""Takes a path to load and returns what it has to say: texts, in whatever containers."""

_EXECUTES = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork")
_EXECUTES += ("os.startfile", "pty.", "socket.", "ctypes.", "urllib.", "pickle.", "os.kill")
_CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link")
_CHANGES += ("os.symlink", "os.truncate", "os.utime", "os.setxattr", "shutil.")


def meets(stage: Stage, case: Case, folder: Path, *, seconds: int = SECONDS) -> None:
    """Let `stage` meet `case`, made in `folder`; fails with what went wrong."""
    if not hasattr(os, "fork") or sys.platform != "linux":
        pytest.skip("limits for a process and /proc are those of Linux")
    path = case.make(folder)
    before = _state(folder)
    reader, writer = os.pipe()
    with warnings.catch_warnings():  # of threads that numpy has: the child uses none of them
        warnings.simplefilter("ignore", DeprecationWarning)
        gc.freeze()  # else the child goes through, and so copies, all that pytest holds
        child = os.fork()
    if child == 0:
        os.close(reader)
        words = _run(stage, path, seconds)
        with suppress(OSError), open(writer, "wb") as pipe:  # noqa: PTH123
            pipe.write(words.encode("utf-8", "backslashreplace"))
        os._exit(0)
    gc.unfreeze()
    os.close(writer)
    with open(reader, "rb") as pipe:  # noqa: PTH123
        words = pipe.read().decode()
    _, status, usage = os.wait4(child, 0)
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        pytest.fail(f"ended by {name} after {usage.ru_utime:.1f} s, {usage.ru_maxrss >> 10} MB")
    assert not words, words
    assert _state(folder) == before, "the tree was changed"


def _run(stage: Stage, path: Path, seconds: int) -> str:
    """What was wrong with the stage; empty when nothing was. In the child."""
    seen: list[str] = []
    root = str(path.resolve() if path.is_dir() else path.parent.resolve())
    try:
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        signal.alarm(seconds * 20)  # a pipe that is opened takes no time of the processor
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
        os.chdir(path.parent)
        sys.addaudithook(lambda event, args: _watch(event, args, root, seen))
        try:
            said = stage(path)
        except mlskill.MlskillError as error:
            said = str(error)
        seen += [f"says {CANARY}" for text in _texts(said) if CANARY in text]
    except BaseException:
        seen.append(traceback.format_exc()[-6000:])
    return "\n".join(seen[:20])


def _watch(event: str, args: tuple[object, ...], root: str, seen: list[str]) -> None:
    if event.startswith(_EXECUTES) and args != (None,):  # ctypes looks at Python itself
        seen.append(f"executed: {event} {args!r:.200}")
    elif event.startswith(_CHANGES) and not _ours(args[0]):
        seen.append(f"changed: {event} {args!r:.200}")
    elif event == "open" and args and isinstance(args[0], str | bytes):
        name, flags = os.fsdecode(args[0]), args[2]
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        # A bare name is opened in a folder that is open already.
        inside = name == root or name.startswith(f"{root}{os.sep}") or os.sep not in name
        if (writes and not _ours(name)) or not (inside or _ours(name)) or name == "..":
            seen.append(f"opened: {name!r:.200}")


def _ours(name: object) -> bool:
    """Whether a path belongs to Python, a library or a test's own cache."""
    own = (sys.prefix, sys.base_prefix, str(Path(mlskill.__file__).parent), os.devnull)
    paths = (*own, "/usr/share/zoneinfo", "/proc/self/", *filter(None, sys.path))
    text = os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else ""
    return text.startswith(paths) or f"{os.sep}kept{os.sep}" in text or text.endswith("kept")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple | set):
        for part in value:
            yield from _texts(part)


def _state(folder: Path) -> list[tuple[str, int, int, int]]:
    """Every path below `folder`, with what would tell that it was changed."""
    found = []
    for here, folders, files in os.walk(os.fsencode(folder)):
        if here.count(b"/") > 60:
            break
        for name in (*folders, *files):
            status = os.lstat(os.path.join(here, name))  # noqa: PTH118
            if b"kept" not in here + name:
                found.append((repr(name), status.st_mode, status.st_size, status.st_mtime_ns))
    return sorted(found)
