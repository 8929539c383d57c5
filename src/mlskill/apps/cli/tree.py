"""mlskill tree: documents, sections and what they cost."""

from __future__ import annotations

import argparse

from mlskill.apps.cli.arguments import count
from mlskill.apps.cli.console import harmless, show
from mlskill.loader import load
from mlskill.outline import text, tree

EXAMPLES = """
mlskill tree
mlskill tree path/to/skill --depth 1
mlskill tree --format json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "path", nargs="?", help="a skill (default: the one that comes with mlskill)"
    )
    parser.add_argument(
        "--depth", type=count, default=2, help="heading levels to show (default: 2)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace) -> int:
    """Print the tree."""
    data = tree(load(options.path or None))
    if options.format == "json":
        from mlskill.formats.json import dump

        show(dump(data))
    else:
        show(harmless(text(data, depth=options.depth)))
    return 0
