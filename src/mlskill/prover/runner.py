"""Runs programs in processes of their own: jobs in, what happened out. Executes code.

Where the system can fork, one server imports the heavy modules once and forks for each program
(a hundred programs that import torch take seconds instead of minutes); elsewhere each program is a
fresh interpreter. A `Job` is all that a program depends on beside the installed libraries.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from mlskill.prover.jobs import Job, Ran, result, write
from mlskill.prover.server import overflow

_SAFE = (
    "numpy scipy pandas sklearn torch matplotlib duckdb xgboost lightgbm optuna onnx transformers"
    " tokenizers datasets peft trl accelerate sentence_transformers torchmetrics lightning"
)
PRELOAD = frozenset(_SAFE.split())
"""Libraries that start no thread at import, or one that survives a fork (jemalloc's); each was used
in forked programs after it was loaded in the server. Not polars, nor what imports it (catboost,
statsmodels, statsforecast, mlflow), nor onnxruntime: they start threads, and a fork loses those."""
KEPT = "PATH PYTHONPATH LANG LC_ALL LC_CTYPE TZ LD_LIBRARY_PATH CUDA_VISIBLE_DEVICES CUDA_HOME"
SET = {
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "MPLBACKEND": "Agg",
    "PYTHONUTF8": "1",
}
_SERVER = str(Path(__file__).with_name("server.py"))
GRACE = 20.0
"""Seconds that a server may need beyond a program's own time before it is given up."""


class Runner:
    """Programs run here, at most `workers` at a time; close it, or use it in ``with``.

    `preload` names modules to import before the first fork; those that cannot be found, fail, or
    leave threads behind are left out.
    """

    def __init__(
        self, *, preload: Iterable[str] = (), workers: int | None = None, fork: bool | None = None
    ) -> None:
        self.workers = workers or _cores()
        self.preload = tuple(dict.fromkeys(m for m in preload if found(m)))
        self.fork = hasattr(os, "fork") if fork is None else fork
        self.root = Path(tempfile.mkdtemp(prefix="mlskill-prove-"))
        self.count = 0
        self.server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End all that still runs and remove all that was written."""
        self._stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, jobs: Sequence[Job], timeout: float = 60.0) -> list[Ran]:
        """Run `jobs`, each for at most `timeout` seconds, in no order; the results in theirs."""
        folders = [self._folder(job) for job in jobs]
        if self.fork:
            self._forked(folders, timeout)
        else:
            with ThreadPoolExecutor(self.workers) as pool:
                list(pool.map(lambda folder: self._spawned(folder, timeout), folders))
        results = [result(folder) for folder in folders]
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        return results

    def _folder(self, job: Job) -> Path:
        """A fresh folder with the job and its files."""
        self.count += 1
        folder = self.root / str(self.count)
        write(job, folder)
        return folder

    def _forked(self, folders: Sequence[Path], timeout: float) -> None:
        """Hand the jobs to the server as it has room; begin anew when it dies."""
        waiting = list(enumerate(folders))[::-1]
        running: dict[str, float] = {}
        while waiting or running:
            if self.server is not None and self.server.poll() is not None:
                self._stop()
                running.clear()  # their supervisors have ended them, and written so
                continue
            server = self._start()
            assert server.stdin is not None  # noqa: S101
            assert server.stdout is not None  # noqa: S101
            while waiting and len(running) < self.workers:
                number, folder = waiting.pop()
                with contextlib.suppress(OSError):
                    server.stdin.write(f"{number} {timeout} {folder}\n".encode())
                    server.stdin.flush()
                running[str(number)] = time.monotonic() + timeout + GRACE
            answers = _answers(server, min(running.values()))
            if answers is None:
                server.wait(GRACE)
                continue
            now = time.monotonic()  # a supervisor that was killed does not answer
            running = {n: d for n, d in running.items() if n not in answers and d > now}

    def _start(self) -> subprocess.Popen[bytes]:
        """The server, started where it does not run yet, with what can be preloaded safely."""
        while self.server is None:
            server = subprocess.Popen(  # noqa: S603 - this interpreter, our file
                [sys.executable, "-P", _SERVER, "serve", *self.preload],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment(),
                cwd=self.root,
                start_new_session=True,
                bufsize=0,
            )
            assert server.stdout is not None  # noqa: S101
            ready = server.stdout.readline()
            self.server = server
            if ready != b"[]\n":
                self._stop()
                if not self.preload:
                    raise RuntimeError("the process that starts programs does not start")
                unfit = json.loads(ready) if ready else self.preload
                self.preload = tuple(m for m in self.preload if m not in unfit)
        return self.server

    def _stop(self) -> None:
        """End the server; supervisors see that it is gone and end their programs."""
        if self.server is None:
            return
        server, self.server = self.server, None
        assert server.stdin is not None  # noqa: S101
        assert server.stdout is not None  # noqa: S101
        with contextlib.suppress(OSError):
            server.stdin.close()
        server.kill()
        deadline = time.monotonic() + 5  # until the last supervisor lets go of its end of the pipe
        while time.monotonic() < deadline and _answers(server, deadline) is not None:
            pass
        server.stdout.close()
        server.wait()

    def _spawned(self, folder: Path, timeout: float) -> None:
        """Run the job in `folder` in a fresh interpreter."""
        process = subprocess.Popen(  # noqa: S603 - this interpreter, our file
            [sys.executable, "-P", _SERVER, "run", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment(),
            start_new_session=True,
        )
        deadline = time.monotonic() + timeout
        ending = ""
        while not ending:
            try:
                ending = f"exit {process.wait(0.1)}"
            except subprocess.TimeoutExpired:
                ending = "timeout" if time.monotonic() > deadline else overflow(folder)
                if ending and hasattr(signal, "SIGUSR1"):
                    process.send_signal(signal.SIGUSR1)  # it tells where it is
                    time.sleep(0.3)
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
        process.wait()
        (folder / "ending").write_text(ending)

    def _environment(self) -> dict[str, str]:
        """What programs see of the environment: no secrets, no home, one thread each."""
        kept = {k: v for k in (*KEPT.split(), "SYSTEMROOT") if (v := os.environ.get(k))}
        if "PYTHONPATH" in kept:
            paths = (str(Path(p).absolute()) for p in kept["PYTHONPATH"].split(os.pathsep) if p)
            kept["PYTHONPATH"] = os.pathsep.join(paths)
        home = self.root / "home"
        home.mkdir(exist_ok=True)
        return {**kept, **SET, "HOME": str(home), "TMPDIR": str(self.root)}


def found(module: str) -> bool:
    """Whether the package that holds `module` is installed; imports nothing."""
    try:
        return find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _answers(server: subprocess.Popen[bytes], deadline: float) -> list[str] | None:
    """The numbers of jobs that have ended by now; none at `deadline`, None when it is gone."""
    assert server.stdout is not None  # noqa: S101
    ready, _, _ = select.select([server.stdout], [], [], max(0.0, deadline - time.monotonic()))
    # Answers are single short writes: what is read never ends within a number.
    answers = server.stdout.read(65536) if ready else b"\n"
    return answers.decode().split() if answers else None
