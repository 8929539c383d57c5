"""Commands that check a text, and the two ways in which a check ends badly."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path


class FaultError(Exception):
    """A fault in a text, at a line and column of it; `by` is the command that found it.

    Both count from 1; the column is 0 where only the line is known, and the width where it is that
    of the word there.
    """

    def __init__(
        self, message: str, line: int = 1, by: str = "", *, column: int = 0, width: int = 0
    ) -> None:
        super().__init__(message)
        self.message, self.line, self.by = message, line, by
        self.column, self.width = column, width


class AbsentError(Exception):
    """The tool for a language is not installed."""


def tool(name: str) -> str | None:
    """The path of a command: beside this interpreter, else where the system looks."""
    import shutil

    here = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join((here, os.environ.get("PATH", os.defpath))))


def run(name: str, arguments: list[str], *, text: str, suffix: str = "") -> str:
    """Give `text` to a command as a file; its name, when it has nothing to say against it."""
    command = tool(name)
    if command is None:
        raise AbsentError(f"{name} is not installed")
    code, said = call([command, *arguments], text, suffix)
    if code:
        line = re.search(r"(?:line |:)(\d+)", said)
        message = complaint(said, ("rror",))
        raise FaultError(message, int(line[1]) if line else 1, name)
    return name


def complaint(said: str, marks: Sequence[str]) -> str:
    """The line of a tool's output that says what is wrong: the first with the first mark found."""
    lines = [re.sub(r"^block(\.\w+)?:+(\d+(:\d+)? )? *", "", s.strip()) for s in said.splitlines()]
    lines = [line for line in lines if line]
    for mark in marks:
        for line in lines:
            if mark in line:
                return line[:500]
    return lines[0][:500] if lines else "refused without a word"


def call(command: list[str], text: str, suffix: str = "") -> tuple[int, str]:
    """Exit code and output of `command` on a file that holds `text`, in a folder of its own."""
    import subprocess  # what only looks for faults of the text itself needs neither
    import tempfile

    with tempfile.TemporaryDirectory(prefix="mlskill-check-") as folder:
        path = Path(folder, f"block{suffix}")
        path.write_text(text, "utf-8", "replace")
        kept = {k: os.environ[k] for k in ("PATH", "SYSTEMROOT", "LANG") if k in os.environ}
        arguments = [path.name if a == "-" else a for a in command]
        if "-" not in command:
            arguments.append(path.name)
        try:
            done = subprocess.run(  # noqa: S603 - a checker, on a file that it only reads
                arguments,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
                cwd=folder,
                env={**kept, "HOME": folder},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise FaultError(f"{Path(command[0]).name} found no end in 60 s") from None
    said = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
    return done.returncode, said[:20_000]
