"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import asyncio
import math
from contextlib import contextmanager
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

import batcher
from fastapi import FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

PIECES = str(Path(__file__).parents[3] / "resources" / "pieces")


class X(BaseModel):
    x: float


class Loose(BaseModel):
    age: float
    income: float | None = None


class Naive:
    """The batcher everybody writes: one call, one error for all."""

    def __init__(self, predict, max_size, max_wait):
        self.predict, self.max_wait, self.rows, self.task = predict, max_wait, [], None
        self.max_size = max_size

    async def __aenter__(self):
        return self

    async def __aexit__(self, *raised):
        pass

    async def __call__(self, row):
        if self.task is None or len(self.rows) >= self.max_size:
            self.rows = []
            self.task = asyncio.create_task(self.flush(self.rows))
        self.rows.append(row)
        number, task = len(self.rows) - 1, self.task
        return (await task)[number]

    async def flush(self, rows):
        await asyncio.sleep(self.max_wait)
        return self.predict(rows)


class Served:
    """The piece, with the arguments of the request."""

    def __init__(self, load, check, name):
        from live_model import Live

        self.live = Live(name, load, check, lambda model: model.close())
        self.swap = self.live.swap

    @contextmanager
    def use(self):
        with self.live.use() as served:
            yield served.model


class Assigned:
    def __init__(self, load, check, name):
        self.load, self.check, self.model = load, check, load(name)

    def swap(self, name):
        old, self.model = self.model, self.load(name)
        self.check(self.model)
        old.close()
        return True

    @contextmanager
    def use(self):
        yield self.model


def strict_app():
    from scoring_service import make_app

    return make_app(lambda: "model", lambda model, rows: [0.5 for _ in rows])


def loose_app():
    app = FastAPI()

    @app.post("/score")
    def score(row: Loose) -> float:
        return 0.5

    return app


def finite(predict):
    app = FastAPI()

    @app.post("/score")
    def score(row: X):
        answer = predict(row.x)
        if not math.isfinite(answer):
            raise HTTPException(500, "no number")
        return {"probability": answer}

    return app


class Probability(BaseModel):
    probability: float


def typed(predict):
    app = FastAPI()

    @app.post("/score")
    def score(row: X) -> Probability:
        return Probability(probability=predict(row.x))

    return app


def threads(predict, limit=None):
    app, state = FastAPI(), {"inside": 0}

    @app.post("/score")
    async def score(row: X):
        if limit is not None and state["inside"] >= limit:
            raise HTTPException(503, "busy")
        state["inside"] += 1
        try:
            return {"probability": await run_in_threadpool(predict, row.x)}
        finally:
            state["inside"] -= 1

    @app.get("/health")
    async def health():
        return {}

    return app


def blocking(predict, limit=None):
    app = FastAPI()

    @app.post("/score")
    async def score(row: X):
        return {"probability": predict(row.x)}

    @app.get("/health")
    def health():
        return {}

    return app


def waits(predict, limit):
    """A semaphore queues where it should refuse."""
    app, places = FastAPI(), asyncio.Semaphore(limit)

    @app.post("/score")
    async def score(row: X):
        async with places:
            return {"probability": await run_in_threadpool(predict, row.x)}

    @app.get("/health")
    async def health():
        return {}

    return app


def gate(old_errors, old, new_errors, new):
    from rollout import verdict

    said = verdict(old_errors, old, new_errors, new, margin=0.01, looks=20).say
    return said.replace("roll back", "rollback")


def gate_quick(old_errors, old, new_errors, new):
    return "promote" if new_errors / new <= old_errors / old + 0.01 else "rollback"


async def open_run(send, rate, count):
    from open_load import load

    return (await load(lambda number: send(), rate, count)).seconds


async def closed_run(send, rate, count):
    loop, seconds = asyncio.get_running_loop(), []
    for _ in range(count):
        start = loop.time()
        await send()
        seconds.append(loop.time() - start)
        await asyncio.sleep(max(0, 1 / rate - seconds[-1]))
    return seconds


def session(path, provider, cpus):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cpus
    made = onnxruntime.InferenceSession(path, options, providers=[provider])
    if made.get_providers()[0] != provider:
        raise RuntimeError(f"{provider} is not there")
    return made


def session_quick(path, provider, cpus):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cpus
    return onnxruntime.InferenceSession(path, options, providers=[provider])


def routed(tmp_path, text):
    """As a file, because the check starts another process with it."""
    (tmp_path / "answer.py").write_text(f"import sys\nsys.path.insert(0, {PIECES!r})\n{text}")
    return SimpleNamespace(**run_path(str(tmp_path / "answer.py")))


def sticky(tmp_path):
    text = (
        "from rollout import arm\ndef to_new(user, share): return arm(user, 'v7', share) == 'new'\n"
    )
    return routed(tmp_path, text)


def sticky_quick(tmp_path):
    return routed(tmp_path, "def to_new(user, share): return hash(user) % 1000 < share * 1000\n")


def plain(**names):
    return lambda tmp_path: SimpleNamespace(**names)


RIGHT = {
    "poison": plain(Batcher=batcher.Batcher),
    "reload": plain(Live=Served),
    "schema": lambda tmp_path: SimpleNamespace(app=strict_app()),
    "null": plain(make_app=finite),
    "health": plain(make_app=threads),
    "overload": plain(make_app=threads),
    "gate": plain(gate=gate),
    "sticky": sticky,
    "load": plain(run=open_run),
    "session": plain(session=session),
}
QUICK = {
    "poison": plain(Batcher=Naive),
    "reload": plain(Live=Assigned),
    "schema": lambda tmp_path: SimpleNamespace(app=loose_app()),
    "null": plain(make_app=typed),
    "health": plain(make_app=blocking),
    "overload": plain(make_app=waits),
    "gate": plain(gate=gate_quick),
    "sticky": sticky_quick,
    "load": plain(run=closed_run),
    "session": plain(session=session_quick),
}
NEEDS = {"session": ("onnx", "onnxruntime")}
RAISES = dict.fromkeys(QUICK, (AssertionError, TimeoutError))
