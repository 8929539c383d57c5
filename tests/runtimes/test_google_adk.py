"""Google ADK: reads only below references/, assets/ and scripts/."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("google.adk.skills", reason="google-adk: tests/stacks/runtimes.txt")


def recipe(model: Any = "gemini-flash-latest") -> Any:
    # mlskill pack --layout references --output references/ml-engineer
    from google.adk.agents import Agent
    from google.adk.skills import load_skill_from_dir
    from google.adk.tools.skill_toolset import SkillToolset

    skills = SkillToolset(skills=[load_skill_from_dir("references/ml-engineer")])
    agent = Agent(name="engineer", model=model, tools=[skills])
    return agent


def scripted(calls: list[tuple[str, dict[str, str]]], asked: list[Any]) -> Any:
    from google.adk.models import BaseLlm, LlmResponse
    from google.genai import types

    class Scripted(BaseLlm):
        async def generate_content_async(
            self, llm_request: Any, stream: bool = False
        ) -> AsyncIterator[LlmResponse]:
            asked.append(llm_request)
            if calls:
                name, args = calls.pop(0)
                part = types.Part.from_function_call(name=name, args=args)
            else:
                part = types.Part(text="done")
            yield LlmResponse(content=types.Content(role="model", parts=[part]))

    return Scripted(model="scripted")


def test_the_model_sees_and_reads_it(flat, description, same) -> None:
    from google.adk.runners import InMemoryRunner

    name = {"skill_name": "ml-engineer"}
    reads = [("load_skill_resource", name | {"file_path": path}) for path in flat]
    asked: list[Any] = []
    model = scripted([("list_skills", {}), ("load_skill", name), *reads], asked)

    async def run() -> None:
        async with InMemoryRunner(agent=recipe(model)) as runner:
            await runner.run_debug("Which model fits?", quiet=True)

    asyncio.run(run())
    answers = [
        part.function_response.response
        for content in asked[-1].contents
        for part in content.parts
        if part.function_response
    ]
    assert description in str(answers[0]["result"])
    assert "references/model-serving-deployment.md" in answers[1]["instructions"]
    for answer, page in zip(answers[2:], flat.values(), strict=True):
        same(answer["content"], page)
