"""Rules about size."""

from __future__ import annotations

from mlskill.model import Skill
from mlskill.rules.rule import Problem, Problems, reported, rule, unread

MOST_LINES = 500
MOST_TOKENS = 5000


@rule("warning")
def limit_reached(skill: Skill) -> Problems:
    """A limit kept a part of the skill from being read."""
    return reported(skill, "limit-reached")


@rule("advice")
def skill_too_long(skill: Skill) -> Problems:
    """SKILL.md has more than 500 lines or about 5,000 tokens."""
    from mlskill.tokens import estimate

    main = skill.main
    if unread(skill):
        return
    source = main.source
    lines = len(source.starts) - source.text.endswith("\n")
    if lines > MOST_LINES:
        start = source.starts[MOST_LINES]
        end = start + len(source.line(MOST_LINES + 1))
        yield Problem(main.path, start, end, f"has {lines} lines, of {MOST_LINES} advised; {_MOVE}")
    elif (tokens := estimate(main.body)) > MOST_TOKENS:
        yield Problem(
            main.path,
            main.frontmatter.end,
            main.frontmatter.end,
            f"has about {tokens:,} tokens, of {MOST_TOKENS:,} advised; {_MOVE}",
        )


_MOVE = "move what not every use needs to files it links to"
