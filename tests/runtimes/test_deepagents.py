"""LangChain deepagents: a catalogue in the system prompt, files by its own read_file."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("deepagents", reason="deepagents is not installed: tests/stacks/runtimes.txt")


def recipe(model: Any = "anthropic:claude-opus-5-5") -> Any:
    from deepagents import create_deep_agent
    from deepagents.backends import FilesystemBackend

    backend = FilesystemBackend(root_dir=".", virtual_mode=True)
    agent = create_deep_agent(model, backend=backend, skills=["/skills/"])
    return agent


def test_the_model_sees_and_reads_it(tree, description, same) -> None:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, ToolMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    asked: list[Any] = []
    paths = ["SKILL.md", *tree]

    class Scripted(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "scripted"

        def bind_tools(self, tools: Any, **_: Any) -> Any:
            return self

        def _generate(self, messages: list[Any], *_: Any, **__: Any) -> ChatResult:
            asked.append(messages)
            answer = AIMessage("done")
            if len(asked) <= len(paths):
                file = f"/skills/ml-engineer/{paths[len(asked) - 1]}"
                args = {"file_path": file, "limit": 1000}  # it shows 100 lines unless told
                call = {"name": "read_file", "args": args, "id": f"{len(asked)}"}
                answer = AIMessage("", tool_calls=[call])
            return ChatResult(generations=[ChatGeneration(message=answer)])

    recipe(Scripted()).invoke(
        {"messages": [("user", "Which model fits?")]}, {"recursion_limit": 200}
    )
    assert description in str(asked[0][0].content)
    answers = [str(m.content) for m in asked[-1] if isinstance(m, ToolMessage)]
    assert "./sub-skills/model-serving-deployment.md" in answers[0]
    for seen, page in zip(answers[1:], tree.values(), strict=True):
        same(seen, page)
