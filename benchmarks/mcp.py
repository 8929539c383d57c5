"""Load on the MCP server: start, memory, p50 and p99 of read and search, many skills and clients.

    python benchmarks/mcp.py [--skills 10000] [--clients 32] [--fastmcp PYTHON]

Every server runs in a process of its own, over HTTP without sessions, and is asked the same; of
FastMCP (where PYTHON has it) it is `SkillsDirectoryProvider`, which has no search and sees no
change. A request is timed by the client, from before it is written until the answer is there;
clients and server share the machine. `cpu` is the server's processor time for each. Skills
are made of sentences of ml-engineer: a SKILL.md and a reference of 4 to 5 KB.

On 2026-11-26, 10,000 skills, 32 clients, two busy processors, FastMCP 4.2.3, in one run:

    =================  =============================  ==============================
    processor time of  mlskill                        FastMCP
    =================  =============================  ==============================
    start, first file  2.6 s (82 MiB)                 22 s (184 MiB)
    a read             0.9 ms (p50 0.20, p99 0.33 s)  84 ms (p50 11.4, p99 12.0 s)
    `skills/get`       0.8 ms (p50 0.07, p99 0.14 s)  102 ms (p50 12.1, p99 16.1 s)
    a search           21 ms (p50 2.0, p99 3.3 s)     it has none
    =================  =============================  ==============================
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mlskill.home import home

VERSION = "2026-07-28"
FASTMCP = """
import sys
from fastmcp import FastMCP
from fastmcp.skills.provider import SkillsDirectoryProvider
path, port = sys.argv[1:]
server = FastMCP("b")
server.add_provider(SkillsDirectoryProvider(path))
server.run(transport="http", port=int(port), stateless_http=True, json_response=True,
           show_banner=False, log_level="ERROR")
"""
TOPICS = ("glaze", "rivet", "orchid", "quarry", "sonnet", "falcon", "ledger", "tundra", "velvet")


def make(folder: Path, count: int) -> None:
    """Write `count` skills."""
    rng = random.Random(0)
    text = "\n".join(p.read_text() for p in sorted((home() / "sub-skills").glob("*.md")))
    sentences = re.findall(r"[A-Z][^.\n|`#<>]{30,150}\.", text)
    for n in range(count):
        skill = folder / name(n)
        (skill / "references").mkdir(parents=True)
        topic = f"{TOPICS[n % len(TOPICS)]}{n}"
        head = f"---\nname: {name(n)}\ndescription: Use when {topic} is at hand. "
        head += f"{rng.choice(sentences).replace(':', ',')}\n---\n# About {topic}\n\n"
        for path, lead in (("SKILL.md", head), ("references/guide.md", f"# Guide to {topic}\n\n")):
            parts = [f"## Part {i}\n\n{' '.join(rng.sample(sentences, 6))}\n\n" for i in range(7)]
            (skill / path).write_text(lead + "".join(parts))


def name(n: int) -> str:
    """The name of skill `n`."""
    return f"skill-{n:05}"


class Connection:
    """One client: HTTP/1.1, kept open, one request at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.number = 0

    async def __aenter__(self) -> Connection:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.writer.close()

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of a request."""
        self.number += 1
        meta = {
            "io.modelcontextprotocol/protocolVersion": VERSION,
            "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        request = {"jsonrpc": "2.0", "id": self.number, "method": method}
        body = json.dumps(request | {"params": params | {"_meta": meta}}).encode()
        named = params.get("name") or params.get("uri")
        lines = [
            "POST /mcp HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            "Content-Type: application/json",
            "Accept: application/json, text/event-stream",
            f"MCP-Protocol-Version: {VERSION}",
            f"Mcp-Method: {method}",
            *([f"Mcp-Name: {named}"] if named else []),
            f"Content-Length: {len(body)}",
        ]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        assert length, head
        answer = json.loads(await self.reader.readexactly(int(length[1])))
        if "result" not in answer:
            raise RuntimeError(f"{method}: {answer}")
        result: dict[str, Any] = answer["result"]
        return result


@contextmanager
def serving(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.terminate()
            assert process.stderr
            process.stderr.read()


async def answers(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server does."""
    while process.poll() is None:
        try:
            async with Connection(port) as client:
                await client.ask("server/discover", {})
            return
        except OSError:
            await asyncio.sleep(0.02)
    assert process.stderr
    raise SystemExit(process.stderr.read().decode())


async def load(
    process: subprocess.Popen[bytes],
    port: int,
    clients: int,
    requests: int,
    question: Callable[[random.Random], tuple[str, Any]],
) -> str:
    """The times of `requests` requests of `clients` clients at once, as text."""
    times: list[float] = []

    async def one(seed: int) -> None:
        rng = random.Random(seed)
        async with Connection(port) as client:
            for _ in range(requests // clients):
                method, params = question(rng)
                started = time.perf_counter()
                await client.ask(method, params)
                times.append(time.perf_counter() - started)

    started, used = time.perf_counter(), processor(process)
    await asyncio.gather(*map(one, range(clients)))
    rate = len(times) / (time.perf_counter() - started)
    cpu = (processor(process) - used) / len(times) * 1000
    cut = statistics.quantiles(times, n=100)
    spread = f"p50 {cut[49] * 1000:7.1f} ms  p99 {cut[98] * 1000:7.1f} ms"
    return f"{spread}  {rate:5.0f}/s  cpu {cpu:5.1f} ms"


def processor(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: subprocess.Popen[bytes]) -> str:
    """Resident memory, and processor time so far."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    kilobytes = re.search(r"VmRSS:\s+(\d+)", status)
    size = int(kilobytes[1]) // 1024 if kilobytes else 0
    return f"{size} MiB, {processor(process):.1f} s of processor"


async def measure(
    label: str, command: list[str], port: int, options: argparse.Namespace, search: bool
) -> None:
    """Ask one server everything."""
    count, clients = options.skills, options.clients

    def read(rng: random.Random) -> tuple[str, Any]:
        path = rng.choice(("SKILL.md", "references/guide.md"))
        return "resources/read", {"uri": f"skill://{name(rng.randrange(count))}/{path}"}

    def hot(rng: random.Random) -> tuple[str, Any]:
        return "resources/read", {"uri": f"skill://{name(rng.randrange(min(count, 50)))}/SKILL.md"}

    def get(rng: random.Random) -> tuple[str, Any]:
        return "skills/get", {"uri": f"skill://{name(rng.randrange(count))}/SKILL.md"}

    def find(rng: random.Random, among: int = count) -> tuple[str, Any]:
        n = rng.randrange(among)
        question = {"query": f"what to do when {TOPICS[n % len(TOPICS)]}{n} is at hand", "limit": 5}
        return "tools/call", {"name": "skill_search", "arguments": question}

    print(f"\n{label}", flush=True)
    started = time.perf_counter()
    with serving(command) as process:
        await answers(port, process)
        print(f"  first answer       {time.perf_counter() - started:6.2f} s")
        async with Connection(port) as client:
            await client.ask(*read(random.Random(1)))
            print(f"  first file         {time.perf_counter() - started:6.2f} s, {memory(process)}")
            began = time.perf_counter()
            page = await client.ask("skills/list", {})
            took = time.perf_counter() - began
            print(f"  skills/list        {took:6.2f} s for the first {len(page['skills'])}")
        few = options.requests
        print(f"  read, any          {await load(process, port, clients, few, read)}")
        print(f"  read, of 50        {await load(process, port, clients, few, hot)}")
        print(f"  skills/get, any    {await load(process, port, clients, few, get)}")
        if search:
            async with Connection(port) as client:
                began = time.perf_counter()
                await client.ask(*find(random.Random(1)))
                print(f"  first search       {time.perf_counter() - began:6.2f} s")
            print(f"  search, any        {await load(process, port, clients, few // 4, find)}")
            some = partial(find, among=min(count, 50))
            print(f"  search, of 50      {await load(process, port, clients, few // 4, some)}")
        print(f"  afterwards         {memory(process)}")


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def main() -> None:
    """Measure every server."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--skills", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--requests", type=int, default=3200)
    parser.add_argument("--fastmcp", metavar="PYTHON", help="a Python that has fastmcp")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), options.skills)
        print(f"{options.skills} skills, {options.clients} clients, {os.cpu_count()} processors")
        port = free_port()
        ours = [sys.executable, "-m", "mlskill", "mcp", "--http", "--port", str(port), folder]
        asyncio.run(measure("mlskill mcp, watching", ours, port, options, search=True))
        if options.fastmcp:
            port = free_port()
            theirs = [options.fastmcp, "-c", FASTMCP, folder, str(port)]
            label = "FastMCP SkillsDirectoryProvider"
            asyncio.run(measure(label, theirs, port, options, search=False))


if __name__ == "__main__":
    main()
