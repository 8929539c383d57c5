"""Starts programs, each in a process of its own, and ends them. Standard library only.

Called by path, so that programs meet an interpreter without any of mlskill's modules:

    python server.py serve MODULE...     import the modules once, then fork for each job
    python server.py run FOLDER          one program, here (where there is no fork)

The server reads a line ``number folder seconds`` for each job and answers with its number when the
job has ended and nothing of it is left. Between server and program stands a supervisor: orphans of
the program become its children, so that those too that left their session are found and killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import signal
import sys
import threading
import time
import traceback
import types
from pathlib import Path

PRINTED = 16 << 20
"""Bytes that a program may print before it is ended."""
HARMLESS = {"jemalloc_bg_thd"}
"""Threads that start again by themselves after a fork."""
_PARENT_DEATH_SIGNAL, _CHILD_SUBREAPER = 1, 36


def _load(name: str) -> types.ModuleType:
    """The module `name` beside this one, without its folder in the path where programs look."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _threads() -> set[str]:
    """Names of the threads beside this one that a fork would lose."""
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return {thread.name for thread in threading.enumerate()[1:]}
    found = set()
    for task in tasks.iterdir():
        with contextlib.suppress(OSError):
            if int(task.name) != os.getpid():
                found.add((task / "comm").read_text().strip())
    return found - HARMLESS


def _serve(modules: list[str]) -> None:
    answers = os.dup(1)
    os.dup2(2, 1)
    program = _load("program")
    unfit = []
    for module in modules:
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(module)
        if _threads():
            unfit.append(module)
            break
    os.write(answers, json.dumps(unfit).encode() + b"\n")
    if unfit:
        return
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while line := sys.stdin.buffer.readline():
        number, seconds, folder = line.decode().rstrip("\n").split(" ", 2)
        if os.fork() == 0:
            try:
                ending = _supervise(program, folder, float(seconds), answers)
                (Path(folder) / "ending").write_text(ending)
                os.write(answers, number.encode() + b"\n")
            finally:
                os._exit(0)


def _supervise(program: types.ModuleType, folder: str, seconds: float, answers: int) -> str:
    """Run the program in `folder` and leave nothing of it alive; how it ended, in words."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _control(_CHILD_SUBREAPER, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    pid = os.fork()
    if pid == 0:
        try:
            os.close(answers)
            os.setsid()
            _control(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            program.main(folder)
        except BaseException:  # a forked process must not return into the server
            traceback.print_exc()
        finally:
            os._exit(70)
    ending = _wait(pid, Path(folder), time.monotonic() + seconds)
    _clear(pid)
    return ending


def _control(option: int, value: int) -> None:
    """Call Linux's prctl; elsewhere, nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _wait(pid: int, folder: Path, deadline: float) -> str:
    server = os.getppid()
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return f"exit {os.waitstatus_to_exitcode(status)}"
        ending = "timeout" if time.monotonic() > deadline else overflow(folder)
        if ending:
            os.kill(pid, signal.SIGUSR1)  # it tells where it is
            _nap(0.3)
            return ending
        if os.getppid() != server:
            return "abandoned"
        _nap(0.05)


def overflow(folder: Path) -> str:
    """``output`` when the program in `folder` has printed too much, else nothing."""
    with contextlib.suppress(OSError):
        if any((folder / name).stat().st_size > PRINTED for name in ("stdout", "stderr")):
            return "output"
    return ""


def _nap(seconds: float) -> None:
    """Sleep, but wake when a child ends."""
    if hasattr(signal, "sigtimedwait"):
        signal.sigtimedwait([signal.SIGCHLD], seconds)
    else:
        time.sleep(min(seconds, 0.02))


def _clear(pid: int) -> None:
    """Kill the program and all that it started."""
    deadline = time.monotonic() + 10
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for child in _children():
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        _nap(0.02)


def _children() -> list[int]:
    """The processes whose parent is this one."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name stands in brackets and may hold anything: count from the last bracket.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(stat.parent.name))
    return found


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        _serve(sys.argv[2:])
    else:
        _load("program").main(sys.argv[2])
