"""The faults of the request path, sent to a running service."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx")

from live_model import Live  # noqa: E402
from scoring_service import RefusedError, make_app  # noqa: E402

GOOD = {"age": 30.0, "income": 20.0}


class Store:
    """What CURRENT and a loader would be: a name, and a model that multiplies the age."""

    def __init__(self):
        self.name, self.go = "one", threading.Event()
        self.go.set()

    def start(self):
        assert self.go.wait(10)
        return Live(lambda: self.name, {"one": 0.001, "two": 0.002}.__getitem__, lambda m: None)


def predict(model, rows):
    ages = [row.age for row in rows]
    if 13.0 in ages:
        raise RefusedError("13 is not known here")
    if 14.0 in ages:
        raise ValueError("a bug in the model")
    return [math.nan if age == 99.0 else age * model for age in ages]


@asynccontextmanager
async def serve(app):
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def wait_ready(client):
    while (await client.get("/readyz")).status_code != 200:
        await asyncio.sleep(0.01)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 30))


def test_the_model_answers_with_its_name():
    async def main():
        async with serve(make_app(Store().start, predict)) as client:
            await wait_ready(client)
            return (await client.post("/score", json=GOOD)).json()

    assert run(main()) == {"probability": 0.03, "model": "one"}


@pytest.mark.parametrize(
    "body",
    [
        {"age": "30", "income": 20.0},  # a number as text
        {"age": True},
        {"age": 30, "incme": 20.0},  # a misspelt name would get its default
        {"income": 20.0},
        {"age": 300},
        {"age": None},
        '{"age": NaN}',
        '{"age": 1e999}',
        "[]",
        "",
    ],
)
def test_what_is_not_the_schema_is_refused(body):
    async def main():
        async with serve(make_app(Store().start, predict)) as client:
            await wait_ready(client)
            text = body if isinstance(body, str) else json.dumps(body)
            headers = {"content-type": "application/json"}
            return await client.post("/score", content=text, headers=headers)

    assert run(main()).status_code == 422


def test_alive_before_ready():
    store = Store()
    store.go.clear()

    async def main():
        async with serve(make_app(store.start, predict)) as client:
            before = [(await client.get(p)).status_code for p in ("/livez", "/readyz")]
            before.append((await client.post("/score", json=GOOD)).status_code)
            store.go.set()
            await wait_ready(client)
            return before, (await client.post("/score", json=GOOD)).status_code

    assert run(main()) == ([200, 503, 503], 200)


def test_a_model_that_does_not_load_is_never_ready():
    def start():
        raise ValueError("no such file")

    async def main():
        async with serve(make_app(start, predict)) as client:
            await asyncio.sleep(0.1)
            return await client.get("/readyz")

    answer = run(main())
    assert answer.status_code == 503
    assert "no such file" in answer.json()["fault"]


def test_a_poison_row_fails_alone_and_nan_is_never_null():
    async def main():
        async with serve(make_app(Store().start, predict)) as client:
            await wait_ready(client)
            ages = [*map(float, range(20, 35)), 13.0, 14.0, 99.0]
            posts = (client.post("/score", json={"age": age}) for age in ages)
            return dict(zip(ages, await asyncio.gather(*posts), strict=True))

    answers = run(main())
    codes = {age: answer.status_code for age, answer in answers.items()}
    assert codes.pop(13.0) == 422
    assert codes.pop(14.0) == 500
    assert codes.pop(99.0) == 500
    assert set(codes.values()) == {200}
    assert all(math.isclose(answers[age].json()["probability"], age * 0.001) for age in codes)


def test_overload_is_503_late_is_504_and_health_stays():
    go = threading.Event()

    def slow(model, rows):
        assert go.wait(10)
        return predict(model, rows)

    async def main():
        app = make_app(Store().start, slow, max_size=1, max_queue=2, deadline=0.5)
        async with serve(app) as client:
            await wait_ready(client)
            tasks = [asyncio.create_task(client.post("/score", json=GOOD)) for _ in range(8)]
            await asyncio.sleep(0.1)
            health = [(await client.get(p)).status_code for p in ("/livez", "/readyz")]
            codes = sorted([(await task).status_code for task in tasks])
            go.set()
            return health, codes

    health, codes = run(main())
    assert health == [200, 200]
    assert set(codes) == {503, 504}
    assert codes.count(503) >= 5


def test_a_hung_model_fails_liveness():
    go = threading.Event()

    def hung(model, rows):
        assert go.wait(10)
        return predict(model, rows)

    async def main():
        async with serve(make_app(Store().start, hung, deadline=0.01)) as client:
            await wait_ready(client)
            await client.post("/score", json=GOOD)
            await asyncio.sleep(0.7)
            alive = await client.get("/livez")
            go.set()
            return alive.status_code

    assert run(main()) == 503


def test_reload_under_fire():
    store = Store()

    async def main():
        async with serve(make_app(store.start, predict, reload_every=0.01)) as client:
            await wait_ready(client)
            seen = set()
            for turn in range(200):
                store.name = "two" if turn % 20 > 9 else "one"
                for answer in await asyncio.gather(
                    *(client.post("/score", json=GOOD) for _ in range(4))
                ):
                    assert answer.status_code == 200
                    seen.add((answer.json()["model"], answer.json()["probability"]))
            return seen

    assert run(main()) == {("one", 0.03), ("two", 0.06)}


def test_any_model_is_served():
    import time

    from fastapi import testclient

    def predict(model, rows):
        return [model * row.age for row in rows]

    with testclient.TestClient(make_app(lambda: 0.01, predict)) as client:
        while client.get("/readyz").status_code == 503:
            time.sleep(0.01)
        answer = client.post("/score", json={"age": 50})
    assert answer.json() == {"probability": 0.5, "model": "model"}
