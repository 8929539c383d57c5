"""The service: ``SERVING=playbook-run/serving uvicorn server:app --app-dir resources/playbook``.

Answers from the bundle that ``champion.json`` names, and looks for another every second: a new one
is loaded beside the old, proves itself on the rows that came with it, and only then takes over; a
damaged one is counted and never answers. Change: `columns.py` for the request, the limits below.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from columns import CATEGORIES, NUMBERS, TEXT
from delay_model import BundleError, Scorer
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.types import ASGIApp, Receive, Scope, Send
from store import read_json

ROWS = 512
"""Rows in a request. Batching belongs to the caller: 512 rows cost as much as four requests."""
IN_FLIGHT = 32
"""Requests accepted and not answered; the next is told to come back."""
DEADLINE = 0.5
"""Seconds after which an answer is of no use: then it is not computed."""
POLL = 1.0

REQUESTS = Counter("model_requests_total", "Requests by outcome.", ["outcome"])
SECONDS = Histogram(
    "model_request_seconds", "Seconds to an answer.", buckets=(0.002, 0.005, 0.01, 0.05, 0.1, 0.5)
)
NULLS = Counter("model_nulls_total", "Missing values by input.", ["input"])
UNKNOWN = Counter("model_unknown_total", "Values never seen in training, by input.", ["input"])
SCORED = Counter("model_rows_total", "Rows scored.")
ACTED = Counter("model_acts_total", "Rows on which to act.")
VERSION = Gauge("model_version", "The version that answers.")
LOADS = Counter("model_load_failures_total", "Bundles refused.")

_strict = ConfigDict(extra="forbid")
_fields: dict[str, Any] = {
    name: (Annotated[str, Field(max_length=TEXT)], ...) for name in CATEGORIES
}
for column in NUMBERS:  # JSON has no NaN: a missing value is null, and it has to be said
    limits = Field(ge=column.low, le=column.high, allow_inf_nan=False)
    kind = Annotated[float, limits]
    _fields[column.name] = (kind | None if column.nullable else kind, ...)
Row = create_model("Row", __config__=_strict, **_fields)


class Flights(BaseModel):
    """A request: rows whose every input is named; units are in the names."""

    model_config = _strict
    rows: Annotated[list[Row], Field(min_length=1, max_length=ROWS)]  # type: ignore[valid-type]


class Answer(BaseModel):
    """One probability and one decision per row, and the version that made them."""

    version: int
    probability: list[float]
    act: list[bool]


class Champion:
    """The bundle that answers."""

    def __init__(self, serving: Path) -> None:
        self.serving, self.version, self.refused = serving, 0, 0
        self.scorer: Scorer | None = None

    def refresh(self) -> None:
        """Load what the pointer names, if that is another version; keep the old one if it fails."""
        try:
            version = int(read_json(self.serving / "champion.json")["version"])
            if version in (self.version, self.refused):
                return
            self.scorer = Scorer(self.serving / f"v{version}")
        except (OSError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, BundleError):
                self.refused = version  # counted once, not each second
                LOADS.inc()
            return
        self.version, self.refused = version, 0
        VERSION.set(version)


champion = Champion(Path(os.environ.get("SERVING", "playbook-run/serving")))


async def _watch() -> None:
    while True:
        await asyncio.sleep(POLL)
        await asyncio.to_thread(champion.refresh)


@contextlib.asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    champion.refresh()
    watch = asyncio.create_task(_watch())
    yield
    watch.cancel()


class Admission:
    """Refuses at the door, before a body is read, what could not be answered in time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.running = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != "/predict":
            return await self.app(scope, receive, send)
        if self.running >= IN_FLIGHT:
            REQUESTS.labels("refused").inc()
            return await _busy()(scope, receive, send)
        self.running += 1
        began = scope["began"] = time.monotonic()
        try:
            await self.app(scope, receive, send)
        finally:
            self.running -= 1
            SECONDS.observe(time.monotonic() - began)
        return None


def _busy() -> Response:
    return Response("busy", 503, {"Retry-After": "1"})


app = FastAPI(title="delay", lifespan=_life)


@app.post("/predict", response_model=None)
async def predict(flights: Flights, request: Request) -> Answer | Response:
    """Score rows. `async` and inline: the model takes 0.02 ms, a thread pool takes more."""
    scorer, version = champion.scorer, champion.version
    if scorer is None:
        return Response("no model", 503, {"Retry-After": "1"})
    if time.monotonic() - request.scope["began"] > DEADLINE:
        REQUESTS.labels("late").inc()
        return _busy()
    matrix = encode(scorer, [row.model_dump() for row in flights.rows])  # type: ignore[attr-defined]
    p = scorer.score(matrix)
    act = p > scorer.threshold
    REQUESTS.labels("answered").inc()
    SCORED.inc(len(p))
    ACTED.inc(int(act.sum()))
    return Answer(version=version, probability=p.tolist(), act=act.tolist())


def encode(scorer: Scorer, rows: list[dict[str, Any]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """`Encoder` for dictionaries, counted; a data frame for one row would take 1 ms."""
    names = scorer.manifest["names"]
    out = np.empty((len(rows), len(names)), np.float32)
    for j, name in enumerate(names):
        book = scorer.positions.get(name)
        for i, row in enumerate(rows):
            value = row[name]
            if book is not None:
                value = book.get(value, -1)
                if value < 0:
                    UNKNOWN.labels(name).inc()
            elif value is None:
                NULLS.labels(name).inc()
            out[i, j] = np.nan if value is None else value
    return out


@app.get("/health")
async def health() -> dict[str, str]:
    """The process lives: restart it when this fails."""
    return {"status": "alive"}


@app.get("/ready", response_model=None)
async def ready() -> dict[str, int] | Response:
    """It can answer: send traffic only then."""
    if champion.scorer is None:
        return Response("no model", 503)
    return {"version": champion.version}


@app.get("/metrics")
async def metrics() -> Response:
    """For Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


app.add_middleware(Admission)
