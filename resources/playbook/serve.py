"""Stage serve: the service under load beside a plain one, and at its edges. Needs: train.

Change: `RATE` in `plan.py`, `EDGES`, the gates. Client and server share this machine's
cores, so the figures are upper bounds; requests start on a clock, whether or not the last one was
answered: a client that waits its turn hides the queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
from columns import NAMES
from plan import RATE
from store import Gate, Result, write_json

HERE = Path(__file__).parent
SECONDS = 10
# A server outlives no client: when this process ends, killed or not, its pipe does, and so they do.
SERVER = """
import os, threading
from uvicorn.main import main
threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()
main()
"""
FLOOD = 400
"""Requests at once, more than are let in."""


@contextlib.contextmanager
def running(app: str, serving: Path, log: Path) -> Iterator[str]:
    """The address of a server in a process of its own, ended with the block."""
    port = free_port()
    command = [sys.executable, "-c", SERVER, app, "--app-dir", str(HERE), "--port", str(port)]
    environment = {**os.environ, "SERVING": str(serving), "OMP_NUM_THREADS": "1"}
    with log.open("w") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--no-access-log"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while not _answers(url + "/ready"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{app} does not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)
        if process.stdin:
            process.stdin.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url).status_code == 200
    return False


def bodies(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Requests of one row each; a missing number is null."""
    some = rows[list(NAMES)].astype(object)
    return [{"rows": [row]} for row in some.where(some.notna(), None).to_dict("records")]


async def at_rate(url: str, requests: list[dict[str, Any]], rate: float) -> tuple[list[float], int]:
    """Milliseconds from the moment each request was due to its answer, and how many failed."""
    limits = httpx.Limits(max_connections=50)
    spent: list[float] = []
    failed = 0
    async with httpx.AsyncClient(limits=limits, timeout=10) as client:
        began = time.monotonic()

        async def one(i: int) -> None:
            nonlocal failed
            due = began + i / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            answer = await client.post(f"{url}/predict", json=requests[i % len(requests)])
            failed += answer.status_code != 200
            spent.append(1000 * (time.monotonic() - due))

        await asyncio.gather(*(one(i) for i in range(int(rate * SECONDS))))
    return spent, failed


async def flood(url: str, request: dict[str, Any]) -> dict[str, int]:
    """Status codes of many requests at once, and of the health check among them."""
    limits = httpx.Limits(max_connections=FLOOD)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:
        many = [client.post(f"{url}/predict", json=request) for _ in range(FLOOD)]
        *answers, health = await asyncio.gather(*many, client.get(f"{url}/health"))
    codes = [str(answer.status_code) for answer in answers]
    return {code: codes.count(code) for code in sorted(set(codes))} | {"health": health.status_code}


def reload_under_load(url: str, serving: Path, request: dict[str, Any]) -> dict[str, Any]:
    """A damaged bundle is named, then a good one, then the first again: what answers meanwhile."""
    first = httpx.get(f"{url}/ready").json()["version"]
    seen: dict[str, Any] = {"failed": 0}
    for number, damaged in ((901, True), (902, False), (first, False)):
        folder = serving / f"v{number}"
        if not folder.exists():
            shutil.copytree(serving / f"v{first}", folder)
        if damaged:
            file = folder / "model.onnx"
            file.write_bytes(file.read_bytes()[:-1000])
        write_json(serving / "champion.json", {"version": number})
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            answer = httpx.post(f"{url}/predict", json=request)
            seen["failed"] += answer.status_code != 200
        seen[f"named {'damaged' if damaged else number}"] = answer.json()["version"]
    return seen


def prepared(home: Path) -> tuple[Path, int, list[dict[str, Any]]]:
    """A folder to serve from, the version in it (that of stage train), and requests."""
    import registry  # here, because `bodies` is of use without them
    from recipe import kept

    serving = (home / "serving-trial").absolute()
    shutil.rmtree(serving, ignore_errors=True)
    _, first = kept(home)
    folder = registry.publish(home, first)
    shutil.copytree(folder, serving / folder.name)
    write_json(serving / "champion.json", {"version": first})
    rows = pd.read_parquet(home / "tables" / "rows.parquet")
    return serving, first, bodies(rows.sample(min(200, len(rows)), random_state=0))


def run(home: Path) -> Result:
    """Load, overload, reload; all on a copy of the version that stage train made."""
    serving, first, requests = prepared(home)
    figures: dict[str, Any] = {"rate": RATE}
    for app in ("plain:app", "server:app"):
        with running(app, serving, home / "serve.log") as url:
            asyncio.run(at_rate(url, requests[:50], 50))
            spent, failed = asyncio.run(at_rate(url, requests, RATE))
            middle, tail = np.quantile(spent, [0.5, 0.99])
            figures[app] = {"p50": middle, "p99": tail, "failed": failed}
            if app == "server:app":
                figures["edges"] = sum(_status(url, requests[0], **change) for change in EDGES)
                figures["flood"] = asyncio.run(flood(url, requests[0]))
                figures["reload"] = reload_under_load(url, serving, requests[0])
                figures["after"] = httpx.post(f"{url}/predict", json=requests[0]).status_code
    shutil.rmtree(serving)
    return Result(figures, gates(figures, first))


def gates(figures: dict[str, Any], first: int) -> list[Gate]:
    """What must hold of these figures, where `first` answered before any reload."""
    ours, crowd, swap = figures["server:app"], figures["flood"], figures["reload"]
    answered = crowd.get("200", 0) + crowd.get("503", 0)
    return [
        Gate(f"p99 in ms at {RATE} requests/s", ours["p99"], high=100, timed=True),
        Gate("requests failed at that rate", ours["failed"], high=0),
        Gate("edge cases answered as meant", figures["edges"], low=len(EDGES)),
        Gate("of a flood, neither answered nor told to wait", FLOOD - answered, high=0),
        Gate("of a flood, answered", crowd.get("200", 0), low=1, timed=True),
        Gate("health during the flood", crowd["health"], 200, 200),
        Gate("requests failed during three reloads", swap["failed"], high=0),
        Gate("version after a damaged one was named", swap["named damaged"], first, first),
        Gate("version after a good one was named", swap["named 902"], 902, 902),
    ]


EDGES: tuple[dict[str, Any], ...] = (
    {"dest": "XXX", "wanted": 200},
    {"temp_f": None, "wanted": 200},
    {"hour": None, "wanted": 422},
    {"temp_f": 300.0, "wanted": 422},
    {"temp_c": 20.0, "wanted": 422},
    {"wind_mph": "strong", "wanted": 422},
)


def _status(url: str, request: dict[str, Any], wanted: int, **change: Any) -> bool:
    """Whether one row with something changed is answered as it should be."""
    row = {**request["rows"][0], **change}
    return httpx.post(f"{url}/predict", json={"rows": [row]}).status_code == wanted
