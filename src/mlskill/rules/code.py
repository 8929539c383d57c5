"""Rules about code blocks and comments."""

from __future__ import annotations

from mlskill.model import Skill
from mlskill.rules.rule import Problems, reported, rule


@rule("warning")
def fence_unclosed(skill: Skill) -> Problems:
    """A fenced code block is never closed: all that follows is code."""
    return reported(skill, "fence-unclosed")


@rule("warning")
def comment_unclosed(skill: Skill) -> Problems:
    """An HTML comment is never closed: all that follows is hidden."""
    return reported(skill, "comment-unclosed")
