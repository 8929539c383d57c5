"""Strands: a catalogue in the system prompt, a tool for a skill's body; so each module is one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("strands", reason="strands-agents: tests/stacks/runtimes-mcp1.txt")


def recipe(model: Any = None) -> Any:
    # mlskill pack --split --output modules
    from strands import Agent, AgentSkills

    agent = Agent(model=model, plugins=[AgentSkills(skills="modules")])
    return agent


def test_the_model_sees_and_reads_it(modules, description, same) -> None:
    from strands.models import Model

    told: list[str] = []
    seen: list[Any] = []

    class Scripted(Model):
        def update_config(self, **_: Any) -> None: ...

        def get_config(self) -> Any:
            return {}

        def structured_output(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

        async def stream(
            self, messages: Any, tool_specs: Any = None, system_prompt: Any = None, **_: Any
        ) -> AsyncIterator[Any]:
            told.append(str(system_prompt))
            seen[:] = messages
            yield {"messageStart": {"role": "assistant"}}
            if len(told) <= len(modules):
                name = [*modules][len(told) - 1]
                use = {"toolUse": {"toolUseId": name, "name": "skills"}}
                yield {"contentBlockStart": {"start": use}}
                text = f'{{"skill_name": "{name}"}}'
                yield {"contentBlockDelta": {"delta": {"toolUse": {"input": text}}}}
                yield {"contentBlockStop": {}}
                yield {"messageStop": {"stopReason": "tool_use"}}
            else:
                yield {"contentBlockDelta": {"delta": {"text": "done"}}}
                yield {"contentBlockStop": {}}
                yield {"messageStop": {"stopReason": "end_turn"}}

    recipe(Scripted())("Which model fits?")
    assert description in told[0]
    results = [
        block["toolResult"]
        for message in seen
        for block in message["content"]
        if "toolResult" in block
    ]
    for result, (name, page) in zip(results, modules.items(), strict=True):
        assert result["toolUseId"] == name
        same(result["content"][0]["text"], page)
