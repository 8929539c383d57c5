"""Runs one program inside a process of its own. Standard library only: `server` loads it by path.

The folder it is given holds `job.json` (what to do), `work` (the working directory) and, after it,
`log` (one JSON line as each block starts and ends), `stdout` and `stderr`. The log is written as
things happen, so that a process that dies still says where.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import faulthandler
import importlib.util
import json
import linecache
import os
import signal
import sys
import tempfile
import time
import traceback
import types
from pathlib import Path
from typing import Any

DETAIL = 20_000
"""Characters of a traceback or of output that are kept."""


def load(name: str) -> types.ModuleType:
    """The module `name` beside this one, without its folder in the path where programs look."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_claims = load("claims")


def _flags(body: list[ast.stmt]) -> int:
    """The compiler flags that ``from __future__`` imports in `body` ask for."""
    flags = 0
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                feature = getattr(__future__, alias.name, None)
                flags |= feature.compiler_flag if feature else 0
    return flags


class _Program:
    """A ``__main__`` in the making: blocks of one section, run one after the other."""

    def __init__(self, folder: Path, job: dict[str, Any]) -> None:
        self.job, self.name, self.flags = job, str(job["name"]), 0
        self.printed = (folder / "stdout").open("rb")
        self.log = (folder / "log").open("ab", buffering=0)
        script = folder / "program.py"
        text = _script(job["blocks"])
        script.write_text(text, "utf-8", "surrogatepass")
        # Tracebacks name the Markdown file, and show its lines; whatever wants a real file (pickle
        # by a spawned child, inspect.getsource of a class) finds the same lines in the script.
        linecache.cache[self.name] = (len(text), None, text.splitlines(keepends=True), self.name)
        self.main = types.ModuleType("__main__")
        self.main.__dict__.update(__file__=str(script), __builtins__=__builtins__)
        sys.modules["__main__"] = self.main
        sys.argv = [str(script)]
        sys.path.insert(0, str(folder / "work"))

    def run(self) -> None:
        """Run the blocks, up to the first that fails, and log each."""
        for number, block in enumerate(self.job["blocks"]):
            self.say({"block": number})
            started = time.perf_counter()
            ending = self.block(block)
            self.say({"block": number, "seconds": time.perf_counter() - started, **ending})
            if ending["rule"]:
                return
        for name in self.job["files"]:
            module = sys.modules.get(name.removesuffix(".py").replace("/", "."))
            if module is not None:
                self.say({"imported": name})

    def look(self) -> None:
        """Look up the names in the blocks that are marked for it, and log what is not there."""
        names = load("names").Names()
        for number, block in enumerate(self.job["blocks"]):
            self.say({"block": number})
            faults = list(names.faults(block["text"]))
            line, message = faults[0] if faults and block["look"] else (1, "")
            absent = f"not installed: {', '.join(sorted(names.absent))}" if names.absent else ""
            rule = "block-fails" if message else ""
            ending = _ending(rule, message or absent, block["line"] + line - 1)
            self.say({"block": number, "seconds": 0.0, **ending})

    def say(self, line: dict[str, Any]) -> None:
        self.log.write(json.dumps(line).encode() + b"\n")

    def block(self, block: dict[str, Any]) -> dict[str, Any]:
        """How `block` ended: an empty `rule` when all is well."""
        expected = block["raises"]
        try:
            parts = _claims.segments(block["text"], block["line"], self.name)
        except SyntaxError as error:
            return _ending("block-syntax", error.msg, error.lineno or block["line"])
        for body, claim, line in parts:
            failure = self.segment(body)
            sys.stdout.flush()
            printed = self.printed.read().decode("utf-8", "replace")
            unexpected = failure and not _is(failure, expected)
            if failure and unexpected:
                return _raised(failure, self.name, block["line"])
            if claim is not None and not _claims.same(claim, printed):
                text = f"claimed:\n{_indent(claim)}\nprinted:\n{_indent(printed)}"
                return _ending("block-output", _difference(claim, printed), line, text)
            if failure:
                return _ending("", f"raised {type(failure).__name__}")
        if expected:
            return _ending("block-fails", f"ends without raising {expected}", block["line"])
        return _ending("")

    def segment(self, body: list[ast.stmt]) -> BaseException | None:
        """Run `body` in the namespace; what it raised."""
        self.flags |= _flags(body)
        try:
            module = ast.Module(body, [])
            code = compile(module, self.name, "exec", self.flags, dont_inherit=True)
            exec(code, self.main.__dict__)  # noqa: S102 - to run it is what was asked for
        except BaseException as error:  # SystemExit too
            return error
        return None


def _script(blocks: list[dict[str, Any]]) -> str:
    """The blocks' texts, each on the lines on which it stands in the file."""
    lines: list[str] = []
    for block in blocks:
        lines += [""] * (block["line"] - 1 - len(lines))
        lines += block["text"].splitlines()
    return "\n".join(lines) + "\n"


def _is(error: BaseException, expected: str) -> bool:
    """Whether `expected` names the class of `error` or one that it inherits from."""
    names = ((c.__name__, f"{c.__module__}.{c.__qualname__}") for c in type(error).__mro__)
    return any(expected in pair for pair in names)


def _ending(rule: str, message: str = "", line: int = 0, detail: str = "") -> dict[str, Any]:
    return {"rule": rule, "message": message[:2000], "line": line, "detail": detail[:DETAIL]}


def _raised(error: BaseException, name: str, line: int) -> dict[str, Any]:
    """A failure as an ending: at the innermost line that stands in the Markdown."""
    frames = error.__traceback__.tb_next if error.__traceback__ else None  # without ours
    for frame, number in traceback.walk_tb(frames):
        if frame.f_code.co_filename == name:
            line = number
    told = traceback.TracebackException(type(error), error, frames)
    text = "".join(told.format())
    if len(text) > DETAIL:
        text = text[: DETAIL // 2] + "\n...\n" + text[-DETAIL // 2 :]
    message = list(told.format_exception_only())[-1].strip()
    return _ending("block-fails", message, line, text)


def _indent(text: str) -> str:
    kept = text.rstrip()[:4000]
    return "\n".join(f"    {line}" for line in kept.splitlines()) or "    (nothing)"


def _difference(claim: str, printed: str) -> str:
    """The first line in which output differs from its claim, as a sentence."""
    claimed, got = claim.splitlines(), printed.rstrip().splitlines()
    for want, have in zip(claimed, got, strict=False):
        if not _claims.same(want, have):
            return f"claims {want[:200]!r}, but printed {have.rstrip()[:200]!r}"
    return f"claims {len(claimed)} lines, but printed {len(got)}"


def _settle(folder: Path) -> None:
    """Give the process its own input, output, folders and randomness."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
        os.close(file)
    # ruff: noqa: SIM115 - they stay open as long as the process lives
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    faulthandler.enable(2)
    if hasattr(signal, "SIGUSR1"):  # sent before the process is killed: where did it hang?
        faulthandler.register(signal.SIGUSR1, 2)
    for name in ("home", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    os.environ.update(HOME=str(folder / "home"), TMPDIR=str(folder / "tmp"))
    tempfile.tempdir = None
    os.chdir(folder / "work")
    with contextlib.suppress(OSError):  # where memory runs out, this process is the one to go
        Path("/proc/self/oom_score_adj").write_text("1000")
    # A fork inherits the state of a generator that was seeded by chance: unseeded programs would
    # all draw the same numbers, and look reproducible when they are not.
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
        sys.modules["torch"].seed()


def main(where: str) -> None:
    """Do the job in the folder `where`, then end the process, whatever still runs in it."""
    folder = Path(where)
    job = json.loads((folder / "job.json").read_text("utf-8"))
    _settle(folder)
    program = _Program(folder, job)
    if job["kind"] == "names":
        program.look()
    else:
        program.run()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)
