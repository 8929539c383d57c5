"""Grade an answer by running it: ``python model_serving_deployment.py ID answer.py``.

It says nothing if the answer is right. Each check plays the traffic in which the quick answer goes
wrong. Needs fastapi, httpx; the last request also onnx and onnxruntime.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(main, 30))


@asynccontextmanager
async def client(app: Any) -> AsyncIterator[Any]:
    """A client of `app`, started and given a moment to load its model."""
    import httpx

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as ask,
    ):
        await asyncio.sleep(0.2)
        yield ask


def poison(answer: ModuleType) -> None:
    sizes: list[int] = []

    def predict(rows: list[float]) -> list[float]:
        sizes.append(len(rows))
        if any(row != row for row in rows):
            raise ValueError("NaN")
        return [2 * row for row in rows]

    async def ask_all(rows: list[float], model: Any) -> list[Any]:
        async with answer.Batcher(model, 32, 0.2) as batcher:
            return await asyncio.gather(*map(batcher, rows), return_exceptions=True)

    rows = [float(i) for i in range(64)]
    rows[5] = rows[40] = rows[41] = float("nan")
    for row, got in zip(rows, run(ask_all(rows, predict)), strict=True):
        bad = isinstance(got, BaseException)
        assert bad if row != row else got == 2 * row, f"{row}: {got!r}"
    assert max(sizes) >= 8, "rows are not served together"
    assert max(sizes) <= 32, "more than max_size"
    short = run(ask_all(rows[:4], lambda rows: [1.0] * 3))  # must not hang or mix up answers
    assert all(isinstance(got, BaseException) for got in short), short


class Model:
    def __init__(self, name: str) -> None:
        self.name, self.closed = name, False

    def close(self) -> None:
        self.closed = True


def reload(answer: ModuleType) -> None:
    made: list[Model] = []

    def load(name: str) -> Model:
        if name == "broken":
            raise OSError("half a file")
        made.append(Model(name))
        return made[-1]

    def check(model: Model) -> None:
        if model.name == "bad":
            raise ValueError("wrong answers")

    live = answer.Live(load, check, "one")
    for name in ("bad", "broken"):
        swapped = False
        with suppress(Exception):
            swapped = live.swap(name)
        assert not swapped, f"{name} is served"
        with live.use() as model:
            assert model.name == "one", f"{name} is served"
    with live.use() as first:
        assert live.swap("two"), "swap did not say that it swapped"
        with live.use() as second:
            assert second.name == "two", "new requests see the old model"
        assert not first.closed, "closed while a request uses it"
        assert first.name == "one", "the model changes within a request"
    assert live.swap("three")
    left = [model.name for model in made if not model.closed]
    assert left == ["three"], f"not closed: {left}"


def schema(answer: ModuleType) -> None:
    bodies = {
        '{"age": 30, "income": 5.5}': 200,
        '{"age": 30.5, "income": null}': 200,
        '{"age": 30}': 200,
        '{"age": NaN}': 422,
        '{"age": 1e999}': 422,
        '{"age": "30"}': 422,
        '{"age": true}': 422,
        '{"age": 300}': 422,
        '{"age": 30, "incme": 5}': 422,
        '{"income": 5}': 422,
    }

    async def main() -> dict[str, int]:
        async with client(answer.app) as ask:
            headers = {"content-type": "application/json"}
            return {
                body: (await ask.post("/score", content=body, headers=headers)).status_code
                for body in bodies
            }

    assert run(main()) == bodies


def null(answer: ModuleType) -> None:
    values = {1.0: 0.5, 2.0: float("nan"), 3.0: float("inf")}

    async def main() -> list[Any]:
        async with client(answer.make_app(values.__getitem__)) as ask:
            return [await ask.post("/score", json={"x": x}) for x in values]

    good, *bad = run(main())
    assert good.json() == {"probability": 0.5}
    assert [a.status_code >= 500 for a in bad] == [True, True], [a.text for a in bad]


async def beside(app: Any, count: int, go: threading.Event) -> tuple[int, list[int]]:
    """The status of /health while `count` requests are under way, then theirs."""
    async with client(app) as ask:
        posts = [asyncio.create_task(ask.post("/score", json={"x": 1.0})) for _ in range(count)]
        await asyncio.sleep(0.3)
        health = await asyncio.wait_for(ask.get("/health"), 5)
        assert not go.is_set(), "the health check waited for the model"
        go.set()
        return health.status_code, [post.status_code for post in await asyncio.gather(*posts)]


def slow(go: threading.Event) -> Any:
    def predict(x: float) -> float:
        if not go.wait(3):
            go.set()
        return 0.5

    return predict


def health(answer: ModuleType) -> None:
    go = threading.Event()
    status, posts = run(beside(answer.make_app(slow(go)), 60, go))
    assert status == 200
    assert set(posts) == {200}, posts


def overload(answer: ModuleType) -> None:
    go = threading.Event()
    app = answer.make_app(slow(go), 4)
    status, posts = run(beside(app, 10, go))
    assert status == 200
    assert sorted(posts) == [200] * 4 + [503] * 6, posts
    status, posts = run(beside(app, 3, go := threading.Event()))
    assert posts == [200] * 3, "places are not given back"


def gate(answer: ModuleType) -> None:
    rng = random.Random(0)

    def said(old_rate: float, new_rate: float) -> str:
        old = new = 0
        for n in range(500, 10_001, 500):
            old += sum(rng.random() < old_rate for _ in range(500))
            new += sum(rng.random() < new_rate for _ in range(500))
            word = str(answer.gate(old, n, new, n))
            if word != "wait":
                return word
        return "wait"

    same = [said(0.02, 0.02) for _ in range(40)]
    worse = [said(0.02, 0.045) for _ in range(40)]
    assert same.count("rollback") <= 3, f"{same.count('rollback')} of 40 good models rolled back"
    assert same.count("promote") >= 30, f"{same.count('promote')} of 40 good models promoted"
    assert worse.count("promote") <= 2, f"{worse.count('promote')} of 40 bad models promoted"
    assert worse.count("rollback") >= 36, f"{worse.count('rollback')} of 40 bad models rolled back"
    assert answer.gate(0, 5, 0, 5) == "wait", "five requests prove nothing"


def sticky(answer: ModuleType) -> None:
    import subprocess

    users = [f"user-{i}" for i in range(4000)]
    steps = [{u for u in users if answer.to_new(u, share)} for share in (0.0, 0.05, 0.25, 1.0)]
    assert steps[0] == set()
    assert steps[1] < steps[2] < steps[3], "users change back as the share grows"
    assert len(steps[3]) == 4000
    assert abs(len(steps[1]) - 200) < 60, len(steps[1])
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; from answer import to_new; "
        "print([i for i in range(300) if to_new(f'user-{i}', 0.25)])"
    )
    place = str(Path(answer.__file__ or "").parent)
    other = subprocess.run(
        [sys.executable, "-c", code, place], capture_output=True, text=True, check=True
    )
    here = [i for i in range(300) if f"user-{i}" in steps[2]]
    assert other.stdout.strip() == str(here), "another process routes users elsewhere"


def load(answer: ModuleType) -> None:
    async def main() -> list[float]:
        lock, served = asyncio.Lock(), [0]

        async def send() -> None:
            async with lock:
                served[0] += 1
                await asyncio.sleep(1.0 if served[0] == 20 else 0.001)

        return list(await answer.run(send, 100, 200))

    seconds = sorted(run(main()))
    assert len(seconds) == 200
    assert seconds[150] > 0.1, f"p75 is {seconds[150]:.3f} s: the stall of 1 s is not seen"


def session(answer: ModuleType) -> None:
    import onnx
    from onnx import TensorProto, helper

    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 2]) for n in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.onnx")
        onnx.save(model, path)
        made = answer.session(path, "CPUExecutionProvider", 2)
        assert made.get_providers() == ["CPUExecutionProvider"]
        assert made.get_session_options().intra_op_num_threads == 2, "as many threads as the host"
        absent = "TensorrtExecutionProvider"
        providers = [absent]
        with suppress(Exception):
            providers = answer.session(path, absent, 2).get_providers()
        assert providers[0] == absent, f"runs on {providers}"


CHECKS = {
    "poison": poison,
    "reload": reload,
    "schema": schema,
    "null": null,
    "health": health,
    "overload": overload,
    "gate": gate,
    "sticky": sticky,
    "load": load,
    "session": session,
}


def imported(path: str) -> ModuleType:
    """The answer as a module; its folder is on the path, so that it may bring pieces."""
    sys.path.insert(0, str(Path(path).parent))
    spec = spec_from_file_location("answer", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    CHECKS[sys.argv[1]](imported(sys.argv[2]))
