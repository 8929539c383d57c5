"""mlskill index: the skills below some folders, in one file that is searched in an instant."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext

from mlskill.apps.cli.console import write
from mlskill.apps.cli.progress import Progress
from mlskill.hidden import visible

EXAMPLES = """
mlskill index ~/.agents/skills --output skills.idx     # again later: only what changed is read
mlskill search --index skills.idx 'merge two PDF files'
mlskill index registry/ --output skills.idx --jobs -1  # on every core
mlskill index registry/ --format ndjson > bulk.ndjson  # for OpenSearch's /_bulk
"""

ENGINES = ("loky", "dask", "ray")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("paths", nargs="+", metavar="DIR", help="skills, or folders of many")
    parser.add_argument("--output", metavar="FILE", help="the index; brought up to date if there")
    parser.add_argument("--format", choices=("sqlite", "ndjson"), default="sqlite")
    parser.add_argument("--jobs", type=int, default=1, help="processes; -1: one for each core")
    parser.add_argument(
        "--engine", choices=ENGINES, default="loky", help="where they run (default: this machine)"
    )
    parser.add_argument(
        "--address", help="of a running Dask or Ray cluster; without it a local one is started"
    )
    parser.add_argument(
        "--vectors",
        action="store_true",
        help="with the larger model of the extra `vectors`: finds more, indexes more slowly",
    )


def run(options: argparse.Namespace) -> int:
    """Write the index, or its bulk form, and say what was done."""
    if options.format == "sqlite" and not options.output:
        print("mlskill: name the index file with --output FILE", file=sys.stderr)
        return 2
    with _engine(options):
        return _bulk(options) if options.format == "ndjson" else _update(options)


def _update(options: argparse.Namespace) -> int:
    from mlskill.errors import NoSkillError
    from mlskill.searcher.meanings import LARGE, SMALL
    from mlskill.searcher.registry import update

    model = LARGE if options.vectors else SMALL
    with Progress("looked at") as progress:
        done = update(
            options.output, options.paths, jobs=options.jobs, model=model, told=progress.more
        )
    for fault in done.faults:
        print(f"mlskill: {visible(f'{fault.path}: {fault.message}')}", file=sys.stderr)
    if done.complete and not done.added + done.changed + done.same + done.removed:
        raise NoSkillError(options.paths)
    write(
        f"{done.added:,} added, {done.changed:,} changed, {done.same:,} as they were, "
        f"{done.removed:,} removed: {visible(options.output)}\n"
    )
    return 0 if done.complete else 3


def _bulk(options: argparse.Namespace) -> int:
    from mlskill.searcher.bulk import bulk
    from mlskill.searcher.registry import read_all

    lines = bulk(prepared for prepared in read_all(options.paths, jobs=options.jobs))
    if not options.output:
        for line in lines:
            write(line)
        return 0
    with open(options.output, "w", encoding="utf-8", newline="\n") as out:  # noqa: PTH123
        out.writelines(lines)
    return 0


def _engine(options: argparse.Namespace) -> AbstractContextManager[object]:
    """Where joblib sends its work."""
    if options.jobs == 1 or options.engine == "loky":
        return nullcontext()
    from mlskill.searcher.engines import engine

    return engine(options.engine, options.address, options.jobs)
