"""FastMCP: each file of the skill as a resource, by its skills extension."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("fastmcp.server.providers.skills", reason="fastmcp: tests/stacks/runtimes.txt")


def recipe() -> Any:
    from fastmcp import FastMCP
    from fastmcp.server.providers.skills import SkillsDirectoryProvider

    server = FastMCP("skills")
    server.add_provider(SkillsDirectoryProvider("skills", supporting_files="resources"))
    return server


def test_a_client_sees_and_reads_it(tree, description, same) -> None:
    from fastmcp import Client

    async def run() -> tuple[Any, dict[str, str]]:
        async with Client(recipe()) as client:
            listed = {str(r.uri): r for r in await client.list_resources()}
            uris = [f"skill://ml-engineer/{path}" for path in ("SKILL.md", *tree)]
            read = {uri: (await client.read_resource(uri))[0].text for uri in uris}
            return listed, read

    listed, read = asyncio.run(run())
    main = listed["skill://ml-engineer/SKILL.md"]
    assert description in str(main.description)
    assert "./sub-skills/model-serving-deployment.md" in read["skill://ml-engineer/SKILL.md"]
    for path, page in tree.items():
        uri = f"skill://ml-engineer/{path}"
        assert uri in listed
        same(read[uri], page)
