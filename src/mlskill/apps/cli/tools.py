"""mlskill tools: the function tools of skills, for a program in any language."""

from __future__ import annotations

import argparse
import sys

from mlskill.apps.cli.console import show, write
from mlskill.errors import MlskillError

EXAMPLES = """
mlskill tools > tools.json
mlskill tools --shape anthropic ~/.agents/skills
mlskill tools --call skill_search --arguments '{"query": "why does p99 explode when I add workers"}'
mlskill tools --call skill_read --arguments - path/to/skill < arguments.json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "path",
        nargs="*",
        help="a skill, or a folder of many (default: the one that comes with mlskill)",
    )
    parser.add_argument(
        "--shape",
        choices=("openai", "responses", "anthropic", "mcp"),
        default="openai",
        help="the model API to print the schemas for (default: openai)",
    )
    parser.add_argument("--call", metavar="TOOL", help="call this tool instead")
    parser.add_argument(
        "--arguments",
        metavar="JSON",
        default="{}",
        help="of the call, as a model gave them; - is stdin",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of what the tool says"
    )


def run(options: argparse.Namespace) -> int:
    """Print the schemas, or what a tool says; 1 where the tool could not do what was asked."""
    from mlskill.formats.json import dump
    from mlskill.toolset import tools

    toolset = tools(*options.path)
    if not options.call:
        show(dump(toolset.shaped(options.shape)))
        return 0
    try:
        given = sys.stdin.read() if options.arguments == "-" else options.arguments
    except UnicodeDecodeError:
        raise MlskillError("the arguments on stdin are not UTF-8") from None
    answer = toolset.call(options.call, given)
    if options.format == "json":
        show(dump({"error": answer.error, "text": answer.text, "data": answer.structured}))
    else:
        write(answer.text.rstrip("\n") + "\n")
    return int(answer.error)
