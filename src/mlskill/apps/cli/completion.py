"""mlskill completion: a shell completes commands, options, paths, documents and anchors.

By argcomplete: the shell asks this program, so that what is completed is what is there. A static
script, as shtab would print, knows no anchors.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from mlskill.apps.cli.console import show
from mlskill.errors import MlskillError
from mlskill.hidden import hidden

EXAMPLES = """
eval "$(mlskill completion bash)"                                      # in ~/.bashrc
eval "$(mlskill completion zsh)"                                       # in ~/.zshrc
mlskill completion fish > ~/.config/fish/completions/mlskill.fish
"""

_HASH = "\x01"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def run(options: argparse.Namespace) -> int:
    """Print the shell's part of it."""
    if find_spec("argcomplete") is None:
        raise MlskillError("completion needs more: pip install 'mlskill[terminal]'")
    from argcomplete.shell_integration import shellcode

    show(shellcode(["mlskill"], shell=options.shell).rstrip("\n") + "\n")
    return 0


def answer(parser: argparse.ArgumentParser) -> None:
    """Tell the shell that asks what fits, and end; return if argcomplete is not there."""
    if find_spec("argcomplete") is None:
        return
    from argcomplete.finders import CompletionFinder

    # argcomplete reads a "#" within a word as the start of a comment.
    os.environ["COMP_LINE"] = os.environ.get("COMP_LINE", "").replace("#", _HASH)
    for action in _actions(parser):
        if action.dest in ("target", "path", "skill"):
            action.completer = _Targets(action.dest == "target")  # type: ignore[attr-defined]
        elif action.dest == "rule":
            action.completer = _rules  # type: ignore[attr-defined]
    CompletionFinder()(parser, validator=_fits, always_complete_options=False)


def _fits(completion: str, prefix: str) -> bool:
    return completion.startswith(prefix.replace(_HASH, "#"))


def _rules(**_: Any) -> list[str]:
    from mlskill.rules import RULES

    return list(RULES)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument of the parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from _actions(sub)


class _Targets:
    """Files and folders; where a document can be named, its names and its sections too."""

    def __init__(self, documents: bool) -> None:
        self._documents = documents

    def __call__(self, prefix: str, parsed_args: Any, **_: Any) -> list[str]:
        from argcomplete.completers import FilesCompleter

        prefix = prefix.replace(_HASH, "#")
        if not self._documents:
            return list(FilesCompleter()(prefix))
        found = names(prefix, getattr(parsed_args, "skill", None))
        return found if "#" in prefix else [*FilesCompleter()(prefix), *found]


def names(prefix: str, skill_path: str | None = None) -> list[str]:
    """What of a skill starts with `prefix`: names of documents, or ``document#anchor``.

    Nothing that could not be loaded is completed, and no name that a terminal would not show.
    """
    from mlskill.apps.cli.targets import locate
    from mlskill.renderer.nodes import find, nodes

    try:
        if "#" in prefix:
            path, _, _ = prefix.partition("#")
            skill, target = locate(path, skill_path)
            node = find(tuple(nodes(skill)), target or skill.main.path)[0]
            found = [f"{path}#{anchor}" for anchor in node.document.anchors if anchor]
        else:
            skill, _ = locate("", skill_path)
            found = [name for n in nodes(skill) for name in (n.raw.stem, n.path)]
    except (MlskillError, OSError):
        return []
    return [name for name in dict.fromkeys(found) if name.startswith(prefix) and _plain(name)]


def _plain(name: str) -> bool:
    return not any(hidden(name)) and not set("\t \\'\"`$") & set(name)
