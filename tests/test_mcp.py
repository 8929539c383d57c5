"""The MCP server, asked by the official client in memory."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("mcp", reason="needs the extra mcp")

import mcp_types as types
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourcesListChanged, ResourceUpdated, ToolsListChanged
from pydantic import ConfigDict
from watchfiles import Change

from mlskill.apps.mcp.catalogue import scan
from mlskill.apps.mcp.changes import Changes
from mlskill.apps.mcp.server import build
from mlskill.apps.mcp.shelf import Shelf

CRLF = b"\xef\xbb\xbf# Notes\r\n\r\nKeep \xc3\xa9very byte.\r\n"
FILES = {
    "acme/billing/refunds/SKILL.md": b"---\nname: refunds\ndescription: Pays money back.\nx: 1.5\n"
    b"---\n# Refunds\n\nSee [mail](examples/mail.md).\n",
    "acme/billing/refunds/examples/mail.md": b"# Mail\n\n## Apology\n\nWe are sorry.\n",
    "acme/billing/refunds/logo.png": b"\x89PNG\x00\xff",
    "acme/billing/refunds/a b/notes.md": CRLF,
    "bread/SKILL.md": b"---\nname: bread\ndescription: Bakes bread.\n---\n# Bread\n\nWarm dough.\n",
    "bread/rye/SKILL.md": b"---\nname: rye\ndescription: Bakes rye.\n---\n# Rye\n",
    "odd/SKILL.md": b"---\nname: ODD\ndescription: Has no name that may be.\n---\n# Odd\n",
}
REFUNDS, BREAD = "skill://acme/billing/refunds", "skill://bread"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, raw in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(raw)
    return tmp_path


class Anything(types.Result):
    """A result with all that was sent."""

    model_config = ConfigDict(extra="allow")


class Ask:
    """One client and its server, in memory."""

    def __init__(self, client: Client, changes: Changes) -> None:
        self.client, self.changes = client, changes

    async def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a request that the client does not know."""
        request = types.Request[dict[str, Any], str](method=method, params=params)
        result = await self.client.session.send_request(request, Anything)
        return result.model_dump(by_alias=True)


def asking(
    folder: Path, questions: Callable[[Ask], Awaitable[None]], mode: str = "auto", **how: Any
) -> None:
    """Put `questions` to a server of the skills in `folder`."""

    async def ask() -> None:
        shelf = Shelf([str(folder)])
        changes = Changes(shelf, watching=False)
        async with Client(build(shelf, changes), mode=mode, **how) as client:
            await questions(Ask(client, changes))

    anyio.run(ask)


async def pages(ask: Ask, method: str, field: str, **params: Any) -> list[Any]:
    """All that a method lists, page by page."""
    found: list[Any] = []
    cursor = None
    for _ in range(1000):
        more = {} if cursor is None else {"cursor": cursor}
        result = await ask(method, **params, **more)
        assert result["resultType"] == "complete"
        assert result["ttlMs"] > 0
        assert result["cacheScope"] == "public"
        found += result[field]
        cursor = result.get("nextCursor")
        if cursor is None:
            return found
    raise AssertionError("the list does not end")


# What an extension's host does.


def test_capabilities(folder: Path) -> None:
    async def questions(ask: Ask) -> None:
        said = ask.client.server_capabilities
        assert said is not None
        assert said.extensions == {"io.modelcontextprotocol/skills": {"directoryRead": True}}
        assert said.resources
        assert said.resources.list_changed

    asking(folder, questions)


def test_every_skill_is_listed_with_every_file(folder: Path) -> None:
    async def questions(ask: Ask) -> None:
        skills = await pages(ask, "skills/list", "skills")
        uris = [skill["uri"] for skill in skills]
        assert uris == [f"{REFUNDS}/SKILL.md", f"{BREAD}/SKILL.md", f"{BREAD}/rye/SKILL.md"]
        frontmatter = {"name": "refunds", "description": "Pays money back.", "x": 1.5}
        assert skills[0]["frontmatter"] == frontmatter
        files = {r["uri"]: (r["digest"], r["size"]) for r in skills[0]["resources"]}
        wanted = {
            f"{REFUNDS}/SKILL.md": FILES["acme/billing/refunds/SKILL.md"],
            f"{REFUNDS}/examples/mail.md": FILES["acme/billing/refunds/examples/mail.md"],
            f"{REFUNDS}/logo.png": FILES["acme/billing/refunds/logo.png"],
            f"{REFUNDS}/a%20b/notes.md": CRLF,
        }
        digests = {
            uri: (f"sha256:{hashlib.sha256(raw).hexdigest()}", len(raw))
            for uri, raw in wanted.items()
        }
        assert files == digests
        nested = [r["uri"] for r in skills[1]["resources"]]
        assert nested == [f"{BREAD}/SKILL.md", f"{BREAD}/rye/SKILL.md"]
        for skill in skills:
            got = await ask("skills/get", uri=skill["uri"])
            assert got["skill"] == skill
        for uri, raw in wanted.items():
            [content] = (await ask.client.read_resource(uri)).contents
            read = (
                content.text.encode()
                if isinstance(content, types.TextResourceContents)
                else base64.b64decode(content.blob)
            )
            assert read == raw
            assert content.uri == uri

    asking(folder, questions)


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        (REFUNDS, {"SKILL.md": False, "refunds": False, "a b": True, "examples": True}),
        (f"{REFUNDS}/examples", {"mail.md": False}),
        ("skill://acme", {"billing": True}),
        ("skill://acme/billing", {"refunds": True}),
        (BREAD, {"rye": True}),
    ],
)
def test_directories(folder: Path, uri: str, names: dict[str, bool]) -> None:
    async def questions(ask: Ask) -> None:
        listed = await pages(ask, "resources/directory/read", "resources", uri=uri)
        found = {one["name"]: one["mimeType"] == "inode/directory" for one in listed}
        for name, is_folder in names.items():
            if name != "SKILL.md":  # which goes by its skill's name
                assert found[name] is is_folder
        for one in listed:
            if found[one["name"]]:
                assert await pages(ask, "resources/directory/read", "resources", uri=one["uri"])
            else:
                assert (await ask.client.read_resource(one["uri"])).contents

    asking(folder, questions)


@pytest.mark.parametrize(
    ("method", "uri"),
    [
        ("skills/get", "skill://nothing/SKILL.md"),
        ("skills/get", "skill://odd/SKILL.md"),
        ("skills/get", f"{REFUNDS}/examples/mail.md"),
        ("skills/get", f"{REFUNDS}/xSKILL.md"),
        ("skills/get", REFUNDS),
        ("skills/get", "file:///etc/passwd"),
        ("resources/directory/read", f"{REFUNDS}/SKILL.md"),
        ("resources/directory/read", f"{REFUNDS}/nothing"),
        ("resources/directory/read", f"{REFUNDS}/.."),
        ("resources/directory/read", "skill://"),
        ("resources/directory/read", "skill://acme/bill"),
        ("resources/read", REFUNDS),
        ("resources/read", f"{REFUNDS}/../../../odd/SKILL.md"),
        ("resources/read", f"{REFUNDS}/%2e%2e/%2e%2e/%2e%2e/odd/SKILL.md"),
        ("resources/read", f"{REFUNDS}//etc/passwd"),
        ("resources/read", "skill:///etc/passwd"),
        ("resources/read", "https://example.org/"),
        ("resources/read", ""),
        ("resources/read", "skill://" + "a/" * 100_000),
        ("resources/read", "skill://%00%ff%"),
    ],
)
def test_what_is_not_served_is_a_fault_of_the_request(folder: Path, method: str, uri: str) -> None:
    async def questions(ask: Ask) -> None:
        with pytest.raises(MCPError) as error:
            await ask(method, uri=uri)
        assert error.value.code == types.INVALID_PARAMS
        assert len(error.value.message) < 1000

    asking(folder, questions)


def test_a_cursor_is_ours_or_a_fault(folder: Path) -> None:
    async def questions(ask: Ask) -> None:
        for cursor in ("nonsense!", "ÿ", "_w=="):
            with pytest.raises(MCPError) as error:
                await ask("skills/list", cursor=cursor)
            assert error.value.code == types.INVALID_PARAMS

    asking(folder, questions)


# What clients do that know only resources, only tools, only prompts.


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_resources_alone_reach_every_file(folder: Path, mode: str) -> None:
    async def questions(ask: Ask) -> None:
        listed = (await ask.client.list_resources()).resources
        files = {resource.uri: resource for resource in listed}
        assert len(files) == 1 + len(FILES)
        main = files[f"{REFUNDS}/SKILL.md"]
        assert (main.name, main.description) == ("refunds", "Pays money back.")
        assert main.mime_type == "text/markdown"
        for uri in files:
            assert (await ask.client.read_resource(uri)).contents
        [index] = (await ask.client.read_resource("skill://index.json")).contents
        assert isinstance(index, types.TextResourceContents)
        skills = json.loads(index.text)["skills"]
        assert [(s["name"], s["type"], s["url"]) for s in skills] == [
            ("refunds", "skill-md", f"{REFUNDS}/SKILL.md"),
            ("bread", "skill-md", f"{BREAD}/SKILL.md"),
        ]
        [template] = (await ask.client.list_resource_templates()).resource_templates
        assert template.uri_template.startswith("skill://")

    asking(folder, questions, mode)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_tools_alone_reach_every_file(folder: Path, mode: str) -> None:
    async def questions(ask: Ask) -> None:
        tools = {tool.name: tool for tool in (await ask.client.list_tools()).tools}
        assert [*tools] == ["skill_outline", "skill_search", "skill_read"]
        names = tools["skill_read"].input_schema["properties"]["skill"]["enum"]
        assert names == ["acme/billing/refunds", "bread", "odd"]
        found = await ask.client.call_tool("skill_search", {"query": "sorry apology"})
        hit = found.structured_content["hits"][0]
        assert (hit["skill"], hit["path"]) == ("acme/billing/refunds", "examples/mail.md")
        handle = {key: hit[key] for key in ("skill", "path", "anchor")}
        read = await ask.client.call_tool("skill_read", handle)
        assert "We are sorry." in read.content[0].text
        assert "We are sorry." in read.structured_content["text"]
        short = await ask.client.call_tool("skill_read", {"skill": "refunds", "path": "SKILL.md"})
        assert "Refunds" in short.content[0].text
        wrong = await ask.client.call_tool("skill_read", {"skill": "refund", "path": "SKILL.md"})
        assert wrong.is_error
        assert "refunds" in wrong.content[0].text

    asking(folder, questions, mode)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_prompt(folder: Path, mode: str) -> None:
    async def questions(ask: Ask) -> None:
        [prompt] = (await ask.client.list_prompts()).prompts
        whole = await ask.client.get_prompt(prompt.name, {"skill": "refunds"})
        assert f"Skill directory: {REFUNDS}" in whole.messages[0].content.text
        arguments = {"skill": "acme/billing/refunds", "question": "sorry apology"}
        part = await ask.client.get_prompt(prompt.name, arguments)
        assert "We are sorry." in part.messages[0].content.text
        for name, wrong in ((prompt.name, {}), ("x", {}), (prompt.name, {"skill": "../x"})):
            with pytest.raises(MCPError):
                await ask.client.get_prompt(name, wrong)
        reference = types.PromptReference(name=prompt.name)
        argument = {"name": "skill", "value": "bre"}
        completed = await ask.client.complete(reference, argument)
        assert completed.completion.values == ["bread"]

    asking(folder, questions, mode)


# Many skills.


def test_many_skills_are_listed_by_pages(tmp_path: Path) -> None:
    for n in range(620):
        (tmp_path / f"s{n:03}").mkdir()
        text = f"---\nname: s{n:03}\ndescription: Speaks of w{n}x.\n---\n# S\n\n## Detail\n\nw{n}x."
        (tmp_path / f"s{n:03}" / "SKILL.md").write_text(text)

    async def questions(ask: Ask) -> None:
        wanted = [f"skill://s{n:03}/SKILL.md" for n in range(620)]
        skills = await pages(ask, "skills/list", "skills")
        assert [skill["uri"] for skill in skills] == wanted
        listed: list[str] = []
        cursor = None
        while True:
            page = await ask.client.list_resources(cursor=cursor)
            listed += [one.uri for one in page.resources]
            if (cursor := page.next_cursor) is None:
                break
        assert listed == ["skill://index.json", *wanted]
        found = await ask.client.call_tool("skill_search", {"query": "w417x"})
        assert found.structured_content["hits"][0]["skill"] == "s417"
        none = await ask.client.call_tool("skill_search", {"query": "tax return"})
        assert none.structured_content["hits"] == []

    asking(tmp_path, questions)


def test_places(tmp_path: Path) -> None:
    """No two skills have one place, and none lies in the place of another."""
    for root, path, name in (
        ("one", "a", "a"),
        ("one", "b", "a"),  # by its name, the place of the first
        ("one", "c/d", "d"),
        ("two", "a/e", "e"),  # in the place of the first
        ("two", "c", "c"),  # around the place of another
        ("two", "f", "NO"),
    ):
        (tmp_path / root / path).mkdir(parents=True)
        text = f"---\nname: {name}\ndescription: x\n---\n"
        (tmp_path / root / path / "SKILL.md").write_text(text)
    found = scan([str(tmp_path / "one"), str(tmp_path / "two")])
    assert found.places == ["2/a", "2/a/e", "2/c", "a", "c/d", "f"] or found.places == [
        "2/a",
        "2/c",
        "3/a/e",
        "a",
        "c/d",
        "f",
    ]
    assert [card.place for card in found.cards.values() if card.refusal] == ["f"]
    assert found.owner("a/e/x") == (found.cards["a"], "e/x")


# What changes.


def test_changes_are_served_and_told(folder: Path) -> None:
    async def questions(ask: Ask) -> None:
        uri = f"{BREAD}/SKILL.md"
        both = {ResourcesListChanged(), ToolsListChanged()}
        before = (await ask("skills/get", uri=uri))["skill"]
        async with ask.client.listen(
            resources_list_changed=True, tools_list_changed=True, resource_subscriptions=[uri]
        ) as events:
            path = folder / "bread" / "SKILL.md"
            path.write_text(path.read_text().replace("Warm", "Cold"))
            await ask.changes.apply([(Change.modified, str(path))])
            assert await anext(events) == ResourceUpdated(uri)
            assert await anext(events) == ResourcesListChanged()
            after = (await ask("skills/get", uri=uri))["skill"]
            assert after["resources"][0]["digest"] != before["resources"][0]["digest"]
            new = folder / "new" / "SKILL.md"
            new.parent.mkdir()
            new.write_text("---\nname: new\ndescription: New.\n---\n")
            await ask.changes.apply([(Change.added, str(new.parent))])
            assert {await anext(events), await anext(events)} == both
            assert (await ask("skills/get", uri="skill://new/SKILL.md"))["skill"]
            (folder / "notes.txt").write_text("of no skill")
            await ask.changes.apply([(Change.added, str(folder / "notes.txt"))])
            shutil.rmtree(new.parent)
            await ask.changes.apply([(Change.deleted, str(new.parent))])
            # What is of no skill is told to nobody.
            assert {await anext(events), await anext(events)} == both
            with pytest.raises(MCPError):
                await ask("skills/get", uri="skill://new/SKILL.md")

    asking(folder, questions)


def test_all_may_vanish(folder: Path) -> None:
    async def questions(ask: Ask) -> None:
        shutil.rmtree(folder)
        await ask.changes.apply([(Change.deleted, str(folder))])
        assert await pages(ask, "skills/list", "skills") == []
        assert [tool.name for tool in (await ask.client.list_tools()).tools]
        assert not (await ask.client.call_tool("skill_outline", {})).structured_content["skills"]

    asking(folder, questions)


def test_a_client_of_old_subscribes(folder: Path) -> None:
    uri, path = f"{BREAD}/SKILL.md", folder / "bread" / "SKILL.md"
    told: list[Any] = []

    async def message(one: Any) -> None:
        told.append(one)

    async def questions(ask: Ask) -> None:
        await ask.changes.ready.wait()  # else the first scan is the change that is told
        for method, heard in (("resources/subscribe", True), ("resources/unsubscribe", False)):
            await ask(method, uri=uri)
            told.clear()
            path.write_bytes(path.read_bytes() + b"More.\n")
            await ask.changes.apply([(Change.modified, str(path))])
            wanted = {types.ResourceListChangedNotification}
            if heard:
                wanted.add(types.ResourceUpdatedNotification)
            with anyio.fail_after(60):
                while not wanted <= {*map(type, told)}:
                    await anyio.sleep(0.01)
            assert {*map(type, told)} & {types.ResourceUpdatedNotification} <= wanted

    asking(folder, questions, "legacy", message_handler=message)
