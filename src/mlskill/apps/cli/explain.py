"""mlskill explain: what a rule finds, why, and how to mend it."""

from __future__ import annotations

import argparse

from mlskill.apps.cli.console import show, write
from mlskill.rules import RULES, explain

EXAMPLES = """
mlskill explain link-target-missing
mlskill explain
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("rule", nargs="?", help="a rule's id (default: list them all)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the list")


def run(options: argparse.Namespace) -> int:
    """Print one rule's page, or the list of rules."""
    if options.rule:
        write(explain(options.rule))
        return 0
    if options.format == "json":
        from mlskill.formats.json import dump

        fields = ("id", "severity", "family", "exact", "summary")
        show(dump([{field: getattr(rule, field) for field in fields} for rule in RULES.values()]))
        return 0
    width, kind = max(map(len, RULES)), ("heuristic", "exact")
    for rule in RULES.values():
        about = f"{rule.severity:7}  {rule.family:11}  {kind[rule.exact]:9}"
        show(f"{rule.id:{width}}  {about}  {rule.summary}\n")
    return 0
