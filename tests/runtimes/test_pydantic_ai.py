"""pydantic-ai: skills of its harness with a file tool beside them, and of pydantic-ai-skills."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("pydantic_ai_harness", reason="pydantic-ai-harness: tests/stacks/runtimes.txt")


def recipe(model: Any = "anthropic:claude-opus-5-5") -> Any:
    from pydantic_ai import Agent
    from pydantic_ai.capabilities import LocalWorkspace
    from pydantic_ai_harness import Skills
    from pydantic_ai_harness.filesystem import FileSystem

    agent = Agent(model, capabilities=[LocalWorkspace("."), Skills("skills"), FileSystem()])
    return agent


def recipe_skills(model: Any = "anthropic:claude-opus-5-5") -> Any:
    from pydantic_ai import Agent
    from pydantic_ai_skills import SkillsCapability

    agent = Agent(model, capabilities=[SkillsCapability("skills")])
    return agent


def run(make: Any, calls: list[tuple[str, dict[str, Any]]]) -> tuple[str, str, list[str]]:
    """What the model is told first, all that it sees at last, and what each of `calls` gets it."""
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
    from pydantic_ai.models.function import FunctionModel

    seen: list[Any] = []
    told: list[str] = []

    def model(messages: list[Any], info: Any) -> ModelResponse:
        told.append(f"{info.instructions} {info.function_tools}")
        seen[:] = messages
        if len(told) <= len(calls):
            name, args = calls[len(told) - 1]
            return ModelResponse(parts=[ToolCallPart(name, args)])
        return ModelResponse(parts=[TextPart("done")])

    make(FunctionModel(model)).run_sync("Which model fits?")
    parts = [part for message in seen for part in message.parts]
    answers = [str(part.content) for part in parts if isinstance(part, ToolReturnPart)]
    return told[0], f"{told[-1]} {seen}", answers


def test_the_harness(tree, description, same) -> None:
    load = ("load_capability", {"id": "ml-engineer"})
    reads = [("read_file", {"path": f"skills/ml-engineer/{path}"}) for path in tree]
    told, skill, (_, *read) = run(recipe, [load, *reads])
    assert description in told
    assert "./sub-skills/model-serving-deployment.md" in skill
    for seen, page in zip(read, tree.values(), strict=True):
        same(seen, page)


def test_pydantic_ai_skills(tree, description, same) -> None:
    pytest.importorskip("pydantic_ai_skills", reason="pydantic-ai-skills: runtimes.txt")
    load = ("load_capability", {"id": "ml-engineer"})
    reads = [
        ("read_skill_resource", {"skill_name": "ml-engineer", "resource_name": path})
        for path in tree
    ]
    told, skill, (_, *read) = run(recipe_skills, [load, *reads])
    assert description in told
    assert "./sub-skills/model-serving-deployment.md" in skill
    for seen, page in zip(read, tree.values(), strict=True):
        same(seen, page)
