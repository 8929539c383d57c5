"""OpenAI Agents: a catalogue in the instructions, skills staged into a sandbox with a shell."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

pytest.importorskip("agents.sandbox", reason="openai-agents: tests/stacks/runtimes.txt")


def recipe(model: Any = "gpt-5.5") -> Any:
    from pathlib import Path

    from agents.sandbox import SandboxAgent
    from agents.sandbox.capabilities import LocalDirLazySkillSource, Shell, Skills
    from agents.sandbox.entries import LocalDir

    source = LocalDirLazySkillSource(source=LocalDir(src=Path("skills").absolute()))
    agent = SandboxAgent("engineer", model=model, capabilities=[Shell(), Skills(lazy_from=source)])
    return agent


@pytest.mark.skipif(sys.platform == "win32", reason="the local sandbox is for Unix")
def test_the_model_sees_and_reads_it(packs, tree, description, same) -> None:
    from agents import ModelResponse, RunConfig, Runner, Usage
    from agents.models.interface import Model
    from agents.sandbox import SandboxRunConfig
    from agents.sandbox.sandboxes import UnixLocalSandboxClient
    from openai.types.responses import (
        ResponseFunctionToolCall,
        ResponseOutputMessage,
        ResponseOutputText,
    )

    told: list[str] = []
    seen: list[Any] = []
    calls: list[tuple[str, dict[str, Any]]] = [("load_skill", {"skill_name": "ml-engineer"})]
    calls += [
        ("exec_command", {"cmd": f"cat .agents/ml-engineer/{path}"}) for path in ("SKILL.md", *tree)
    ]

    class Scripted(Model):
        async def get_response(
            self, system_instructions: Any, input: Any, *_: Any, **__: Any
        ) -> ModelResponse:
            told.append(system_instructions)
            seen[:] = input if isinstance(input, list) else [input]
            number = len(told)
            if number <= len(calls):
                name, arguments = calls[number - 1]
                item: Any = ResponseFunctionToolCall(
                    call_id=f"{number}",
                    name=name,
                    arguments=json.dumps(arguments),
                    type="function_call",
                )
            else:
                text = ResponseOutputText(text="done", type="output_text", annotations=[])
                item = ResponseOutputMessage(
                    id="m", content=[text], role="assistant", status="completed", type="message"
                )
            return ModelResponse(output=[item], usage=Usage(), response_id=None)

        def stream_response(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

    config = RunConfig(
        tracing_disabled=True, sandbox=SandboxRunConfig(client=UnixLocalSandboxClient())
    )
    asyncio.run(Runner.run(recipe(Scripted()), "Which?", max_turns=40, run_config=config))
    assert description in told[0]
    answers = [str(i["output"]) for i in seen if i.get("type") == "function_call_output"]
    assert "./sub-skills/model-serving-deployment.md" in answers[1]
    for answer, page in zip(answers[2:], tree.values(), strict=True):
        same(answer, page)
