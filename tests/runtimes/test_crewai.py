"""CrewAI: a catalogue in the prompt, a tool for a skill's body; so each module is a skill."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("crewai", reason="crewai is not installed: tests/stacks/runtimes-mcp1.txt")

# It deprecates a field of its own and then reads it.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def recipe(llm: Any = "anthropic/claude-opus-5-5") -> Any:
    # mlskill pack --split --output modules
    from crewai import Agent

    agent = Agent(role="engineer", goal="right numbers", backstory="", llm=llm, skills=["modules"])
    return agent


def test_the_model_sees_and_reads_it(modules, description, same) -> None:
    from crewai import BaseLLM

    told: list[str] = []
    seen: list[Any] = []

    class Scripted(BaseLLM):
        def call(self, messages: Any, *_: Any, **__: Any) -> Any:
            told.append(str(messages))
            seen[:] = messages
            if len(told) <= len(modules):
                name = [*modules][len(told) - 1]
                wanted = json.dumps({"skill_name": name})
                function = {"name": "load_skill", "arguments": wanted}
                return [{"id": name, "type": "function", "function": function}]
            return "Thought: done\nFinal Answer: done"

        def supports_function_calling(self) -> bool:
            return True

        def get_context_window_size(self) -> int:
            return 1_000_000

    recipe(Scripted(model="scripted")).kickoff("Which model fits?")
    assert description in told[0]
    answers = [m["content"] for m in seen if m["role"] == "tool"]
    for answer, page in zip(answers, modules.values(), strict=True):
        same(answer, page)
