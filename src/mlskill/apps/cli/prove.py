"""mlskill prove: whether the code blocks of skills hold. It RUNS them, with the user's rights."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlskill.apps.cli.arguments import seconds
from mlskill.apps.cli.console import colour, harmless, show
from mlskill.hidden import visible

if TYPE_CHECKING:
    from mlskill.prover import Proof

EXAMPLES = """
mlskill prove --dry-run path/to/skill
mlskill prove path/to/skill
mlskill prove --only sub-skills/model-evaluation-testing.md .
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("path", nargs="+", help="a skill, or a folder of many")
    parser.add_argument("--dry-run", action="store_true", help="only say what would run")
    parser.add_argument(
        "--only", metavar="TEXT", help="only documents and sections whose id holds TEXT"
    )
    parser.add_argument("--timeout", type=seconds, default=60.0, help="seconds for one program")
    parser.add_argument("--format", choices=("text", "json", "github"), default="text")


def run(options: argparse.Namespace) -> int:
    """Run the blocks, say so on stderr as it goes on, and print the report."""
    from mlskill.errors import NoSkillError
    from mlskill.formats import FORMATS
    from mlskill.loader import load
    from mlskill.prover import plan, prove, summary
    from mlskill.reader import discover
    from mlskill.reports import merge
    from mlskill.validator import unsearched

    reports, proofs, empty = [], [], True
    for path in options.path:
        found = discover(path)
        for root in found:
            empty = False
            skill = load(root, contents=True)
            planned = harmless(f"{visible(root)}: {plan(skill, only=options.only)}")
            if options.dry_run:
                show(planned)
            else:
                print(planned, end="", file=sys.stderr, flush=True)
                proof = prove(skill, only=options.only, timeout=options.timeout)
                print(harmless(f"{visible(root)}: {summary(proof)}"), end="", file=sys.stderr)
                proofs.append((root, proof))
                reports.append(proof.report)
        reports.append(unsearched(found.faults))
    if empty:
        raise NoSkillError(options.path)
    if options.dry_run:
        return 0
    report = merge(reports)
    text = FORMATS[options.format](report, color=colour())
    show(_with_blocks(text, proofs) if options.format == "json" else text)
    return report.exit_code


def _with_blocks(text: str, proofs: Sequence[tuple[str, Proof]]) -> str:
    """The report's JSON with what became of each block, when and on what, under its skill."""
    from mlskill.formats.json import dump
    from mlskill.prover.versions import record

    blocks = {
        root: {
            "proven": proof.share,
            "python_ran": proof.python_share,
            "seconds": round(proof.seconds, 3),
            **record(proof),
        }
        for root, proof in proofs
    }
    return dump({**json.loads(text), "proofs": blocks})
