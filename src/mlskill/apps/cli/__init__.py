"""The command line: a table of commands, each a module here with `EXAMPLES`, `arguments`, `run`.

Only the module of the command that is asked for is imported, so that one command never pays for
another. Exit codes: 0 clean; 1 something was found; 2 could not run (one line on stderr); 3 a limit
was reached.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module

from mlskill.errors import MlskillError
from mlskill.hidden import visible

COMMANDS = {
    "render": "print a skill, a module or a section as context for an agent",
    "search": "find the sections that answer a question",
    "index": "put the skills below some folders into one file, for search",
    "validate": "check every skill below the paths",
    "read": "show a document or a section in the terminal, as people like to read",
    "site": "make web pages of skills that work from a folder",
    "tree": "show documents, sections and tokens as a tree",
    "explain": "explain a rule: what it finds, why, how to mend it",
    "pack": "write a skill as a folder or archive that a runtime installs",
    "tools": "print the function tools of skills for a model API, or call one",
    "mcp": "serve skills to clients of the Model Context Protocol, over stdio or HTTP",
    "prove": "RUN the code blocks of skills, with your rights, and report which hold",
    "completion": "print what makes a shell complete commands, paths and anchors",
}
"""Every command, with the line that `mlskill --help` shows for it."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code, and never a traceback for bad input."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # "mlskill validate >&-": only the exit code is wanted
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif hasattr(stream, "reconfigure"):  # a skill may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what could come next
        from mlskill.apps.cli.completion import answer

        answer(parser())
    options = parser(arguments[:1]).parse_args(arguments)
    try:
        code: int = options.command(options)
    except (MlskillError, OSError) as error:  # OSError: the folder one is in was removed
        print(f"mlskill: {visible(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code


def parser(wanted: Sequence[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """The parser of the `wanted` commands; where there is none of them, it names them all."""
    from mlskill import __version__

    width = _width()
    top = argparse.ArgumentParser(
        prog="mlskill",
        formatter_class=partial(argparse.HelpFormatter, width=width),
        description="Load, validate, render and prove Agent Skill trees.",
        epilog="Without a path, render and tree speak of the ml-engineer skill that comes with "
        "mlskill, and validate checks the folder you are in.",
    )
    top.add_argument("--version", action="version", version=f"mlskill {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for name in [name for name in COMMANDS if name in wanted] or COMMANDS:
        summary = COMMANDS[name]
        sub = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=partial(argparse.RawDescriptionHelpFormatter, width=width),
        )
        if name in wanted:
            command = import_module(f"{__name__}.{name}")
            sub.epilog = "examples:\n  " + command.EXAMPLES.strip().replace("\n", "\n  ")
            command.arguments(sub)
            sub.set_defaults(command=command.run)
    return top


def _width() -> int:
    """The columns for help. Left to itself, argparse imports `shutil` to ask, for every command."""
    try:
        return int(os.environ.get("COLUMNS", "")) - 2
    except ValueError:
        pass
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns - 2  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return 78
