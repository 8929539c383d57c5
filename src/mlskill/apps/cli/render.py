"""mlskill render: what an agent reads."""

from __future__ import annotations

import argparse

from mlskill.apps.cli.console import write
from mlskill.apps.cli.targets import Skills, locate
from mlskill.errors import MlskillError
from mlskill.home import home

EXAMPLES = """
mlskill render
mlskill render model-serving-deployment
mlskill render model-evaluation-testing#pitfalls
mlskill render --view full path/to/skill > skill.md
mlskill render --query 'loss jumps after resume' --budget 2000
mlskill render --view catalog ~/.agents/skills
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "target",
        nargs="*",
        help="a module's name, its path, either with #section; a skill's folder, SKILL.md or zip",
    )
    parser.add_argument("--skill", metavar="PATH", help="the skill in which targets are named")
    parser.add_argument(
        "--view",
        choices=("catalog", "outline", "module", "section", "full"),
        help="how much to show (default: what fits the target)",
    )
    parser.add_argument("--format", choices=("markdown", "xml"), default="markdown")
    parser.add_argument("--query", metavar="TEXT", help="the sections that answer this, best first")
    parser.add_argument(
        "--budget", type=int, metavar="TOKENS", help="at most so many tokens (2000 with --query)"
    )


def run(options: argparse.Namespace) -> int:
    """Print each target."""
    from mlskill.renderer import catalog, render

    if options.view == "catalog":
        found = Skills(options.target or [options.skill or str(home())])
        write(catalog(found) + "\n")
        return found.exit_code
    for target in options.target or [""]:
        skill, name = locate(target, options.skill)
        text = render(
            skill,
            name,
            view=options.view,
            format=options.format,
            query=options.query,
            budget=options.budget,
        )
        if not text and (options.budget is not None or options.query is not None):
            raise MlskillError("not even the skill's name and description fit the budget")
        write(text)
    return 0
