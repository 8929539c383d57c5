"""mlskill validate: what is wrong with skills, and where; and the same mended."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlskill.apps.cli.arguments import names, output, positive
from mlskill.apps.cli.console import colour, harmless, save, show
from mlskill.apps.cli.progress import watched
from mlskill.errors import NoSkillError
from mlskill.formats import FORMATS
from mlskill.hidden import visible
from mlskill.model import Report
from mlskill.reports import merge
from mlskill.runner import Cache, cache_folder, check, cores

if TYPE_CHECKING:
    from mlskill.apps.cli.wishes import Wishes
    from mlskill.fixer import Settle
    from mlskill.model import Skill

EXAMPLES = """
mlskill validate
mlskill validate --fix
mlskill validate skills/ --format github
mlskill validate --profile spec skills/ --ignore name-not-folder
mlskill validate --output sarif:skills.sarif --output junit:skills.xml skills/
mlskill validate --changed-since origin/main
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
    mend = parser.add_mutually_exclusive_group()
    mend.add_argument(
        "--fix", action="store_true", help="mend what has one right answer, in its files"
    )
    mend.add_argument("--diff", action="store_true", help="show what --fix would change")
    _rules(parser)
    _silence(parser)


def _rules(parser: argparse.ArgumentParser) -> None:
    """What is asked."""
    parser.add_argument(
        "--profile",
        choices=("default", "strict", "spec", "portable"),
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


def _silence(parser: argparse.ArgumentParser) -> None:
    """What is found, but not reported."""
    config = parser.add_mutually_exclusive_group()
    config.add_argument(
        "--config",
        metavar="FILE",
        help="settings (default: .mlskill.toml or pyproject.toml of the project one is in)",
    )
    config.add_argument("--no-config", action="store_true", help="obey no settings")
    parser.add_argument(
        "--comments",
        choices=("own", "all", "none"),
        default="own",
        help="obey <!-- mlskill: allow RULE: REASON --> in files of the project one is in "
        "(default), in all, in none",
    )
    parser.add_argument(
        "--baseline", metavar="FILE", help="do not report what this file says was there already"
    )
    parser.add_argument(
        "--write-baseline", action="store_true", help="write what is found now to the baseline"
    )
    parser.add_argument(
        "--changed-since", metavar="REV", help="only files that differ from this git revision"
    )


def run(options: argparse.Namespace) -> int:
    """Print the report, and write it where it was asked for."""
    from mlskill.apps.cli.wishes import Wishes

    wishes = Wishes.of(options)
    settle = wishes.settler(options)
    mends = options.fix or options.diff
    raw = _mended(options, wishes, settle) if mends else merge(watched(_raw(options, wishes)))
    if note := wishes.disobeyed(raw):
        print(f"mlskill: {visible(note)}", file=sys.stderr)
    report = settle(raw)
    if not (report.skills or report.findings or report.suppressed):
        raise NoSkillError(options.path)
    for name, file in options.output:
        save(file, FORMATS[name](report))
    if options.write_baseline:
        return _write(wishes.baseline(options), report)
    return _shown(report, options)


def _raw(options: argparse.Namespace, wishes: Wishes) -> Iterator[Report]:
    """What the rules find in each skill, all of it."""
    return check(
        options.path,
        wishes.checks,
        limits=wishes.settings.limits,
        jobs=options.jobs or cores(),
        cache=None if options.no_cache else Cache.at(cache_folder()),
    )


def _mended(options: argparse.Namespace, wishes: Wishes, settle: Settle) -> Report:
    """What is left when the skills are fixed; with `--diff` they are not, but the changes shown."""
    from mlskill.apps.cli.mending import mend
    from mlskill.fixer.diff import diff
    from mlskill.reader import discover
    from mlskill.validator import PER_FILE, unsearched, validate

    rules, limits = wishes.checks.rules(), wishes.settings.limits

    def checked(skill: Skill, most: int = PER_FILE) -> Report:
        return validate(skill, rules=rules, advice=True, most=most)

    reports = []
    for path in options.path:
        found = discover(path, limits=limits)
        for root in found:
            made = mend(root, checked, settle, limits, dry=options.diff)
            reports.append(made.report)
            if options.diff:
                show(harmless("\n".join(diff(made.changes))))
        reports.append(unsearched(found.faults, rules=rules))
    return merge(reports)


def _write(path: str, report: Report) -> int:
    """Write the baseline."""
    from mlskill.settler.baseline import Baseline

    save(path, Baseline(path).text(report.findings))
    show(harmless(f"{len(report.findings):,} findings written to {visible(path)}"))
    return 0 if report.complete else report.exit_code


def _shown(report: Report, options: argparse.Namespace) -> int:
    """Print the report; after a diff, which is all that goes to stdout, only its summary."""
    from mlskill.formats.text import silenced, summary

    if options.diff:
        print(f"mlskill: {summary(report, 'would be fixed')}", file=sys.stderr)
        return report.exit_code or int(bool(report.fixed))
    show(FORMATS[options.format](report, color=colour()))
    if options.format == "gitlab" and report.suppressed:  # it has no place for it
        print(f"mlskill: {silenced(report).strip('; ')}", file=sys.stderr)
    return report.exit_code
