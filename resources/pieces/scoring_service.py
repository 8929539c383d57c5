"""A FastAPI service around one model: the request path with its edges, to copy and rename.

Call `app = make_app(load, predict)`.

Copy the file with `batcher.py` and `live_model.py`; it needs fastapi. `make_app(load, predict)`, as
in ``make_app(lambda: joblib.load("m.joblib"), lambda model, rows: ...)``, gives: 422 unless the
input is exactly the schema (no NaN, no "41" for 41, no misspelt name that would get its default),
503 when the queue is full or nothing is loaded, 504 at the deadline, 422 for a row that `predict`
refuses (RefusedError) while its batch-mates are answered, 500 for bugs and for a NaN answer (not
null), the model's name with every answer, /livez that says only that the process serves, /readyz
that says that the model does. Change `Row` and what you pass as `predict`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from batcher import Batcher, InvalidAnswerError, OverloadedError
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from live_model import Live
from pydantic import BaseModel, ConfigDict, Field


class RefusedError(Exception):
    """Raise it in `predict` for a row that cannot be scored; any other exception is our fault."""


class Row(BaseModel):
    """One case to score; the same names, units and bounds as in training."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    age: Annotated[float, Field(ge=0, le=130)]
    income: float | None = None  # missing is null; JSON has no NaN


class Score(BaseModel):
    """The answer, and who gave it."""

    probability: float
    model: str


def make_app(
    start: Callable[[], Any],
    predict: Callable[[Any, list[Row]], Any],
    *,
    deadline: float = 0.5,
    reload_every: float = 5.0,
    max_size: int = 32,
    max_queue: int = 128,
) -> FastAPI:
    """The service; `start` loads the model, or makes a Live one; `predict(model, rows)` scores.

    `predict` holds the same transform as training. `deadline` and `reload_every` are seconds.
    """
    state: dict[str, Any] = {}

    def score(rows: list[Row]) -> list[tuple[float, str]]:
        with state["live"].use() as served:
            return [(float(p), served.name) for p in predict(served.model, rows)]

    async def look_after() -> None:
        model = await asyncio.to_thread(start)
        state["live"] = model if isinstance(model, Live) else Live("model", lambda _: model)
        while True:
            await asyncio.sleep(reload_every)
            await asyncio.to_thread(state["live"].refresh)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        batcher = Batcher(
            score,
            max_size=max_size,
            max_queue=max_queue,
            valid=lambda answer: math.isfinite(answer[0]),
        )
        async with batcher as state["ask"]:
            # Not awaited: /livez answers while the model loads, else Kubernetes kills the pod.
            state["task"] = asyncio.create_task(look_after())
            yield
            state["task"].cancel()

    app = FastAPI(lifespan=lifespan)

    @app.exception_handler(RequestValidationError)
    async def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI's own handler repeats the input, fails on its NaN, and says 500.
        faults = [{"at": list(e["loc"]), "is": e["msg"]} for e in error.errors()]
        return JSONResponse({"detail": faults}, 422)

    @app.post("/score")
    async def answer(row: Row) -> Score:
        if "live" not in state:
            raise HTTPException(503, "the model is not loaded", {"Retry-After": "5"})
        try:
            probability, name = await state["ask"](row, deadline)
        except OverloadedError:
            raise HTTPException(503, "busy", {"Retry-After": "1"}) from None
        except TimeoutError:
            raise HTTPException(504, "too late") from None
        except InvalidAnswerError:
            raise HTTPException(500, "the model gave no number") from None
        except RefusedError as error:
            raise HTTPException(422, f"this row cannot be scored: {error}") from None
        return Score(probability=probability, model=name)

    @app.get("/livez")
    async def alive(response: Response) -> dict[str, float]:
        busy = state["ask"].busy
        if busy > 60 * deadline:
            response.status_code = 503  # the model hangs: only a restart helps
        return {"busy": busy}

    @app.get("/readyz")
    async def ready(response: Response) -> dict[str, Any]:
        task = state["task"]
        if task.done():
            response.status_code = 503
            return {"fault": repr(task.exception())}
        if "live" not in state:
            response.status_code = 503
            return {"fault": "loading"}
        return {"model": state["live"].name, "fault": str(state["live"].fault or "")}

    return app
