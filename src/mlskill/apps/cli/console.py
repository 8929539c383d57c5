"""The console: what is printed, and how it is kept harmless."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mlskill.errors import MlskillError
from mlskill.hidden import visible


def write(text: str) -> None:
    """Print text for an agent: to a terminal with control characters made visible."""
    show("\n".join(map(visible, text.split("\n"))) if sys.stdout.isatty() else text)


def show(text: str) -> None:
    """Print `text` as it is; what holds words of a skill has been made inert before."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer must go somewhere, or Python complains when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # "mlskill tree | head": that is no fault
            raise MlskillError(f"could not print: {error.strerror}") from None


def harmless(text: str) -> str:
    """Lines that are no report, with nothing in them that a terminal or a build log obeys."""
    from mlskill.formats.escape import inert

    return "".join(f"{inert(line)}\n" for line in text.splitlines())


def colour() -> bool:
    """Whether colours are wanted."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def save(path: str, text: str) -> None:
    """Write `text` to the file at `path`, in UTF-8."""
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise MlskillError(f"could not write {path}: {error.strerror}") from None
