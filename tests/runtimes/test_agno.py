"""Agno: lists and reads only what lies flat in references/."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("agno", reason="agno is not installed: tests/stacks/runtimes.txt")


def recipe() -> Any:
    # mlskill pack --layout references --output references/ml-engineer
    from agno.agent import Agent
    from agno.skills import LocalSkills, Skills

    agent = Agent(skills=Skills([LocalSkills("references/ml-engineer")]))
    return agent


def test_the_model_sees_and_reads_it(flat, description, same) -> None:
    skills = recipe().skills
    assert description in skills.get_system_prompt_snippet()
    tools = {tool.name: tool.entrypoint for tool in skills.get_tools()}
    said = json.loads(tools["get_skill_instructions"]("ml-engineer"))
    assert "references/model-serving-deployment.md" in said["instructions"]
    for path, page in flat.items():
        answer = tools["get_skill_reference"]("ml-engineer", path.removeprefix("references/"))
        same(json.loads(answer)["content"], page)


def test_pieces_are_read_too(flat) -> None:
    tools = {tool.name: tool.entrypoint for tool in recipe().skills.get_tools()}
    answer = json.loads(tools["get_skill_reference"]("ml-engineer", "point_in_time.py"))
    assert "def " in answer["content"]
