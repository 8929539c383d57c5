"""Microsoft Agent Framework: a catalogue in the instructions, tools for the body and the files."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("agent_framework", reason="agent-framework-core: tests/stacks/runtimes.txt")


def recipe(client: Any) -> Any:
    from agent_framework import Agent, SkillsProvider

    skills = SkillsProvider.from_paths(
        "skills", disable_load_skill_approval=True, disable_read_skill_resource_approval=True
    )
    agent = Agent(client, context_providers=[skills])
    return agent


def test_the_model_sees_and_reads_it(tree, description, same) -> None:
    from agent_framework import (
        BaseChatClient,
        ChatResponse,
        Content,
        FunctionInvocationLayer,
        Message,
    )

    asked: list[Any] = []
    told: list[str] = []
    name = {"skill_name": "ml-engineer"}
    calls = [("load_skill", name)]
    calls += [("read_skill_resource", name | {"resource_name": path}) for path in tree]

    class Scripted(FunctionInvocationLayer, BaseChatClient):
        def _inner_get_response(
            self, *, messages: Any, stream: bool, options: Any, **_: Any
        ) -> Any:
            asked.append(messages)
            told.append(str(options.get("instructions")))
            content = Content.from_text("done")
            if len(asked) <= len(calls):
                tool, arguments = calls[len(asked) - 1]
                content = Content.from_function_call(f"{len(asked)}", tool, arguments=arguments)

            async def answer() -> ChatResponse:
                return ChatResponse(messages=[Message("assistant", [content])])

            return answer()

    client = Scripted()
    client.function_invocation_configuration["max_iterations"] = 40
    asyncio.run(recipe(client).run("Which model fits?"))
    assert description in told[0]
    contents = [content for message in asked[-1] for content in message.contents]
    answers = [str(c.result) for c in contents if c.type == "function_result"]
    assert "./sub-skills/model-serving-deployment.md" in answers[0]
    for seen, page in zip(answers[1:], tree.values(), strict=True):
        same(seen, page)
