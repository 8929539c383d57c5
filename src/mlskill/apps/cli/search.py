"""mlskill search: which sections answer a question."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from mlskill.apps.cli.console import show, write
from mlskill.apps.cli.targets import Skills
from mlskill.hidden import visible

EXAMPLES = """
mlskill search 'why does p99 explode when I add workers'
mlskill search --in ~/.agents/skills 'merge two PDF files' --format json
mlskill search --index skills.idx 'merge two PDF files'    # a file that `mlskill index` wrote
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("query", nargs="+", help="a question, an error message, an identifier")
    parser.add_argument(
        "--in",
        dest="path",
        metavar="PATH",
        action="append",
        help="a skill, or a folder of many (default: the one that comes with mlskill)",
    )
    parser.add_argument("--index", metavar="FILE", help="an index, instead of reading skills")
    parser.add_argument("--limit", type=int, default=10, help="hits to show (default: 10)")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace) -> int:
    """Print the hits, best first."""
    from mlskill.searcher import search

    query, exit_code = " ".join(options.query), 0
    if options.index:
        from mlskill.searcher.registry import open_index

        hits = search(open_index(options.index), query, limit=options.limit)
    elif not options.path:
        from mlskill.searcher.kept import kept_index

        hits = search(kept_index(), query, limit=options.limit)
    else:
        found = Skills(options.path)
        skills = [*found]
        hits = search(skills[0] if len(skills) == 1 else skills, query, limit=options.limit)
        exit_code = found.exit_code
    if options.format == "json":
        from mlskill.formats.json import dump

        show(dump([asdict(hit) for hit in hits]))
    else:
        for hit in hits:
            name = f"{hit.path}#{hit.anchor}" if hit.anchor else hit.path
            write(f"{visible(name)}  {hit.score:.1f}  {hit.tokens:,} tokens\n")
            write(f"    {visible(hit.snippet or hit.title)}\n")
        if not hits:
            print("mlskill: nothing found", file=sys.stderr)
    return exit_code or int(not hits)
