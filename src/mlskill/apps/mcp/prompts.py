"""The prompt: a skill, or what answers a question in it, as a message."""

from __future__ import annotations

from collections.abc import Mapping

import mcp_types as types

from mlskill.apps.mcp.shelf import Shelf
from mlskill.errors import MlskillError, UnknownNameError
from mlskill.renderer import render

NAME = "use-skill"
"""What a user asks for; clients show it as a command."""


def describe(shelf: Shelf) -> types.Prompt:
    """The prompt, and what it takes."""
    several = len(shelf.names) != 1
    question = types.PromptArgument(
        name="question",
        description="What you want to know or do: only the sections that answer it are given.",
        required=False,
    )
    skill = types.PromptArgument(name="skill", description="The skill's name.", required=True)
    return types.Prompt(
        name=NAME,
        title="Use a skill",
        description="Load a skill, or what it says to a question.",
        arguments=[skill, question] if several else [question],
    )


def fill(shelf: Shelf, name: str, arguments: Mapping[str, str]) -> types.GetPromptResult:
    """The message for `arguments`."""
    if name != NAME:
        raise UnknownNameError("prompt", name, [NAME])
    names = shelf.names
    place = arguments.get("skill") or (names[0] if len(names) == 1 else "")
    if not place:
        raise MlskillError("the argument skill is missing")
    skill = shelf.skill(place)
    question = arguments.get("question", "").strip() or None
    text = render(skill, query=question, format="xml")
    content = types.TextContent(text=text)
    return types.GetPromptResult(
        description=skill.description[:1024],
        messages=[types.PromptMessage(role="user", content=content)],
    )
