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


SECTION_TOKENS = 1500
"""Tokens of a section's own text; search returns sections, and a budget keeps or drops them."""
SKILL_FILES = 512
SKILL_BYTES = 16 << 20
"""What a server hands out of one skill, at most (MCP, Skills extension)."""


@rule("advice")
def section_too_long(skill: Skill) -> Problems:
    """A section's own text has more than about 1,500 tokens."""
    from mlskill.tokens import estimate

    for document in skill.documents:
        for section in document.sections:
            text = document.text[section.start : section.text_end]
            if len(text) > SECTION_TOKENS and (tokens := estimate(text)) > SECTION_TOKENS:
                span = (section.start, section.body_start)
                message = f"this section has about {tokens:,} tokens; divide it by headings"
                yield Problem(document.path, *span, message)


@rule("advice")
def skill_too_large(skill: Skill) -> Problems:
    """The skill has more than 512 files or 16 MiB: servers need not hand it out."""
    sizes = [len(d.source.raw) for d in skill.documents] + [a.size for a in skill.assets]
    if len(sizes) > SKILL_FILES:
        message = f"the skill has {len(sizes):,} files, of {SKILL_FILES} that servers hand out"
    elif sum(sizes) > SKILL_BYTES:
        message = f"the skill has {sum(sizes) / (1 << 20):,.0f} MiB, of 16 that servers hand out"
    else:
        return
    yield Problem(skill.main.path, 0, 0, message)


_MOVE = "move what not every use needs to files it links to"
