"""mlskill read: a document or a section, in the terminal, as people like to read."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec

from mlskill.apps.cli.arguments import count
from mlskill.apps.cli.console import show
from mlskill.apps.cli.targets import locate
from mlskill.hidden import visible

EXAMPLES = """
mlskill read
mlskill read model-evaluation-testing#pitfalls
mlskill read path/to/skill/references/guide.md
mlskill read path/to/skill | grep -n timeout
"""

MOST = 400_000
"""Characters of the longest text that is laid out; a longer one is shown as it is."""
WIDEST = 100
"""Columns beyond which lines are hard to read."""

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "target",
        nargs="?",
        default="",
        help="a module's name, its path, either with #section; a skill's folder, SKILL.md or zip",
    )
    parser.add_argument("--skill", metavar="PATH", help="the skill in which the target is named")
    parser.add_argument(
        "--plain", action="store_true", help="the text as it is written, which is what a pipe gets"
    )
    parser.add_argument("--no-pager", action="store_true", help="print it all at once")
    parser.add_argument("--width", type=count, default=0, help="columns (default: the terminal's)")


def run(options: argparse.Namespace) -> int:
    """Show the target: laid out and a page at a time on a terminal, as it is in a pipe."""
    from mlskill.renderer import render

    skill, name = locate(options.target, options.skill)
    written = render(skill, name, view="module" if name is None else None)
    # A stranger's text reaches no terminal, and no file that is shown in one, with its controls.
    text = "\n".join(map(visible, written.split("\n")))
    if options.plain or not sys.stdout.isatty():
        show(text)
        return 0
    if find_spec("rich") is None:
        print("mlskill: plain; in colour with: pip install 'mlskill[terminal]'", file=sys.stderr)
    elif _modest(text):
        text = laid_out(text, options.width)
    if options.no_pager or not _paged(text):
        show(text)
    return 0


def _modest(text: str) -> bool:
    """Whether the text can be laid out in about no time: nothing in it reaches a limit."""
    from mlskill.model import Source
    from mlskill.parser import parse

    return len(text) <= MOST and not any(
        fault.rule == "limit-reached" for fault in parse(Source("", b"", text)).faults
    )


def laid_out(text: str, width: int = 0) -> str:
    """`text` with headings, tables and code drawn for a terminal.

    Links show where they lead: a terminal that made them clickable would hide it.
    """
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    colour = not os.environ.get("NO_COLOR")
    # Rich's own style has a black ground, which a light terminal shows as bars.
    theme = Theme({"markdown.code": "cyan", "markdown.code_block": "default"})
    console = Console(
        force_terminal=True, no_color=not colour, emoji=False, highlight=False, theme=theme
    )
    page = Markdown(text, code_theme="ansi_dark", hyperlinks=False)
    with console.capture() as caught:
        console.print(page, width=width or min(console.width, WIDEST))
    # Words that were written as entities ("&#x202e;") are characters only now.
    lines = (_COLOUR.split(line) for line in caught.get().split("\n"))
    return "\n".join("".join(map(_shown, parts)) for parts in lines)


def _shown(part: str) -> str:
    return part if _COLOUR.fullmatch(part) else visible(part)


def _paged(text: str) -> bool:
    """Show `text` by the user's pager; false where there is none."""
    # R: colours; F: no pager for what fits the screen; X: the text stays when it is left.
    settings = os.environ | {"LESS": os.environ.get("LESS") or "-RFX"}
    try:
        pager = shlex.split(os.environ.get("PAGER") or "less")
        with subprocess.Popen(pager, stdin=subprocess.PIPE, env=settings) as process:  # noqa: S603
            process.communicate(text.encode("utf-8", "backslashreplace"))
    except (OSError, IndexError, ValueError):  # not there, empty, an open quote
        return False
    return True
