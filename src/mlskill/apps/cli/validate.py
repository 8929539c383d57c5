"""mlskill validate: what is wrong with skills, and where."""

from __future__ import annotations

import argparse

from mlskill.apps.cli.arguments import names, output, positive
from mlskill.apps.cli.console import colour, save, show
from mlskill.apps.cli.progress import watched
from mlskill.errors import NoSkillError
from mlskill.formats import FORMATS
from mlskill.reports import merge
from mlskill.runner import Cache, Checks, cache_folder, check, cores

EXAMPLES = """
mlskill validate
mlskill validate skills/ --format github
mlskill validate --profile spec skills/ --ignore name-not-folder
mlskill validate --output sarif:skills.sarif --output junit:skills.xml skills/
mlskill validate my-skill.zip --format json | jq .findings[].rule
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "path", nargs="*", default=["."], help="a skill, or a folder of many (default: .)"
    )
    parser.add_argument("--format", choices=tuple(FORMATS), default="text")
    parser.add_argument(
        "--output",
        metavar="FORMAT:FILE",
        type=output,
        action="append",
        default=[],
        help="write the report to a file, too; may be given several times",
    )
    parser.add_argument(
        "--profile",
        choices=("default", "strict", "spec", "portable"),
        default="default",
        help="strict: advice, too; spec: only what the specification demands; portable: that, and "
        "what some clients refuse to load",
    )
    for option, words in (("--select", "only these"), ("--ignore", "all but these")):
        parser.add_argument(
            option,
            metavar="RULE",
            type=names,
            action="extend",
            default=[],
            help=f"{words} rules or families, with commas between; see mlskill explain",
        )
    parser.add_argument("--advice", action="store_true", help="report what could be better, too")
    parser.add_argument(
        "--jobs", type=positive, metavar="N", help="processes at most (default: one a core)"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="check anew what was checked before"
    )


def run(options: argparse.Namespace) -> int:
    """Print the report, and write it where it was asked for."""
    checks = Checks(options.profile, tuple(options.select), tuple(options.ignore), options.advice)
    cache = None if options.no_cache else Cache.at(cache_folder())
    jobs = options.jobs or cores()
    report = merge(watched(check(options.path, checks, jobs=jobs, cache=cache)))
    if not report.skills and not report.findings:
        raise NoSkillError(options.path)
    for name, path in options.output:
        save(path, FORMATS[name](report))
    show(FORMATS[options.format](report, color=colour()))
    return report.exit_code
