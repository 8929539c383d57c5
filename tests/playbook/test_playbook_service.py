"""A damaged bundle never answers; the service refuses what is impossible and what is too much."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "playbook"))

pytest.importorskip("numpy")
pytest.importorskip("onnxmltools")
pytest.importorskip("lightgbm")

import delay_model
import events
import feed
import numpy as np
import store
from delay_model import BundleError, Scorer
from features import State

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    log = events.build(feed.flights(1))
    rows = State(log, feed.weather(1)).rows(log)
    model = delay_model.fit(rows, log["late"], {"n_estimators": 20})
    folder = tmp_path_factory.mktemp("serving")
    delay_model.export(model, rows, folder / "v1")
    store.write_json(folder / "champion.json", {"version": 1})
    return folder, rows, model


@pytest.fixture
def serving(made, tmp_path):
    return Path(shutil.copytree(made[0], tmp_path / "serving"))


def _cut(bundle):
    file = bundle / "model.onnx"
    file.write_bytes(file.read_bytes()[:-100])


def _edit(**change):
    def damage(bundle):
        path = bundle / "bundle.json"
        store.write_json(path, store.read_json(path) | change)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        lambda bundle: (bundle / "model.onnx").unlink(),
        lambda bundle: (bundle / "bundle.json").write_text("{"),
        _edit(names=["a"]),
        _edit(answers=[0.5] * 20),
        _edit(slope=3.0),
        _edit(categories={}),
        _edit(categories={"carrier": ["ZZ"], "origin": ["A"], "dest": ["B"]}),
    ],
)
def test_a_damaged_bundle_is_refused(serving, damage):
    Scorer(serving / "v1")
    damage(serving / "v1")
    with pytest.raises(BundleError, match="v1"):
        Scorer(serving / "v1")


def test_two_fits_are_equal_and_onnx_decides_as_they_do(made):
    folder, rows, model = made
    scorer = Scorer(folder / "v1")
    a, b = scorer.probability(rows), model.probability(rows)
    assert ((a > scorer.threshold) == (b > scorer.threshold)).all()
    assert (np.abs(a - b) > 1e-5).mean() <= 0.001


def test_order_of_columns_and_unknown_categories(made):
    folder, rows, _ = made
    scorer, some = Scorer(folder / "v1"), rows.head(20)
    assert (scorer.probability(some[some.columns[::-1]]) == scorer.probability(some)).all()
    assert np.isfinite(scorer.probability(some.assign(dest="XXX"))).all()


@pytest.fixture
def client(serving):
    pytest.importorskip("fastapi")
    import server
    from fastapi.testclient import TestClient

    server.champion.__init__(serving)
    with TestClient(server.app) as client:
        yield client


@pytest.fixture
def request_(made):
    from serve import bodies

    return bodies(made[1].tail(1))[0]


CASES = [
    ({}, 200),
    ({"dest": "XXX"}, 200),
    ({"temp_f": None}, 200),
    ({"hour": None}, 422),
    ({"temp_f": 300}, 422),
    ({"temp_f": "NaN"}, 422),
    ({"temp_c": 20}, 422),
    ({"dest": None}, 422),
    ({"dest": "X" * 99}, 422),
]


@pytest.mark.parametrize(("change", "status"), CASES)
def test_a_request_is_answered_or_refused_with_the_reason(client, request_, change, status):
    answer = client.post("/predict", json={"rows": [request_["rows"][0] | change]})
    assert answer.status_code == status
    if status == 422:
        assert next(iter(change)) in answer.text


def test_online_and_offline_give_the_same_numbers(client, made):
    from serve import bodies

    folder, rows, _ = made
    some = rows.tail(200)
    body = {"rows": [body["rows"][0] for body in bodies(some)]}
    online = client.post("/predict", json=body).json()["probability"]
    assert np.abs(np.array(online) - Scorer(folder / "v1").probability(some)).max() < 1e-6


def test_too_many_rows_and_none(client, request_):
    row = request_["rows"][0]
    assert client.post("/predict", json={"rows": [row] * 513}).status_code == 422
    assert client.post("/predict", json={"rows": []}).status_code == 422


def test_a_damaged_champion_is_counted_and_the_old_one_answers(client, serving, request_):
    import server

    before = server.LOADS._value.get()
    shutil.copytree(serving / "v1", serving / "v2")
    _cut(serving / "v2")
    store.write_json(serving / "champion.json", {"version": 2})
    server.champion.refresh()
    server.champion.refresh()
    assert client.post("/predict", json=request_).json()["version"] == 1
    assert server.LOADS._value.get() == before + 1
    (serving / "champion.json").write_text('{"versi')
    server.champion.refresh()
    assert client.get("/ready").json() == {"version": 1}
    shutil.copytree(serving / "v1", serving / "v3")
    store.write_json(serving / "champion.json", {"version": 3})
    server.champion.refresh()
    assert client.post("/predict", json=request_).json()["version"] == 3


def test_without_any_bundle_it_lives_but_is_not_ready(tmp_path, request_):
    pytest.importorskip("fastapi")
    import server
    from fastapi.testclient import TestClient

    server.champion.__init__(tmp_path)
    with TestClient(server.app) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 503
        assert client.post("/predict", json=request_).status_code == 503


def test_beyond_its_load_it_says_so_at_once_and_recovers(monkeypatch):
    pytest.importorskip("fastapi")
    import server

    monkeypatch.setattr(server, "IN_FLIGHT", 2)
    scope = {"type": "http", "path": "/predict", "method": "POST", "headers": []}

    async def trial():
        go, codes = asyncio.Event(), []

        async def slow(scope, receive, send):
            await go.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def send(message):
            if "status" in message:
                codes.append((message["status"], dict(message["headers"]).get(b"retry-after")))

        door = server.Admission(slow)
        waiting = [asyncio.create_task(door(dict(scope), None, send)) for _ in range(2)]
        await asyncio.sleep(0)
        await door(dict(scope), None, send)
        assert codes == [(503, b"1")]
        go.set()
        await asyncio.gather(*waiting)
        await door(dict(scope), None, send)
        assert [code for code, _ in codes] == [503, 200, 200, 200]
        assert door.running == 0

    asyncio.run(trial())


def test_a_server_ends_with_the_process_that_started_it_even_when_that_is_killed(serving, tmp_path):
    pytest.importorskip("uvicorn")
    import httpx

    code = """
import sys, time
from pathlib import Path
from serve import running
with running("server:app", Path(sys.argv[1]), Path(sys.argv[2])) as url:
    print(url, flush=True)
    time.sleep(600)
"""
    command = [sys.executable, "-c", code, str(serving), str(tmp_path / "server.log")]
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=path)
    try:
        url = parent.stdout.readline().strip()
        assert httpx.get(f"{url}/ready", timeout=30).status_code == 200
    finally:
        parent.kill()  # that process alone
        parent.stdout.close()
        parent.wait()
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            httpx.get(f"{url}/health", timeout=5)
        except httpx.TransportError:
            return
        time.sleep(0.2)
    pytest.fail("the server runs on")


@pytest.mark.parametrize(
    ("flood", "failed"),
    [
        ({"200": 32, "503": 368, "health": 200}, []),
        ({"503": 400, "health": 200}, ["of a flood, answered"]),
        ({"200": 399, "500": 1, "health": 200}, ["of a flood, neither answered nor told to wait"]),
    ],
)
def test_a_flood_that_nobody_gets_through_fails_the_gate(flood, failed):
    import serve

    figures = {"server:app": {"p99": 1.0, "failed": 0}, "edges": len(serve.EDGES), "flood": flood}
    figures["reload"] = {"failed": 0, "named damaged": 7, "named 902": 902}
    assert [gate.name for gate in serve.gates(figures, first=7) if not gate.held] == failed
    figures["reload"]["named damaged"] = 902
    assert not all(gate.held for gate in serve.gates(figures, first=7))
