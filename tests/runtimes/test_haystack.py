"""Haystack: a catalogue in a tool's description, a tool for the files beside SKILL.md."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("haystack.tools.skills", reason="haystack-ai: tests/stacks/runtimes.txt")


def recipe(generator: Any) -> Any:
    from haystack.components.agents import Agent
    from haystack.skill_stores.file_system import FileSystemSkillStore
    from haystack.tools import SkillToolset

    skills = SkillToolset(FileSystemSkillStore("skills"))
    agent = Agent(chat_generator=generator, tools=skills)
    return agent


def test_the_model_sees_and_reads_it(tree, description, same) -> None:
    from haystack import component
    from haystack.dataclasses import ChatMessage, ToolCall

    asked: list[Any] = []
    told: list[str] = []
    name = {"name": "ml-engineer"}
    calls = [("load_skill", name)]
    calls += [("read_skill_file", name | {"path": path}) for path in tree]

    @component
    class Scripted:
        @component.output_types(replies=list[ChatMessage])
        def run(self, messages: list[ChatMessage], tools: Any = None, **_: Any) -> dict[str, Any]:
            asked.append(messages)
            told.extend(tool.description for tool in tools)
            if len(asked) <= len(calls):
                call = ToolCall(*calls[len(asked) - 1])
                return {"replies": [ChatMessage.from_assistant(tool_calls=[call])]}
            return {"replies": [ChatMessage.from_assistant("done")]}

    recipe(Scripted()).run(messages=[ChatMessage.from_user("Which model fits?")])
    assert any(description in text for text in told)
    answers = [m.tool_call_result.result for m in asked[-1] if m.tool_call_result]
    assert "sub-skills/model-serving-deployment.md" in answers[0]
    for seen, page in zip(answers[1:], tree.values(), strict=True):
        same(seen if isinstance(seen, str) else seen[0].text, page)
