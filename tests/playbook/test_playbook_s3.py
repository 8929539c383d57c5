"""Models and the log on S3: the stages as they are, against a server that speaks S3 (moto)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "playbook"))

pytest.importorskip("mlflow")
pytest.importorskip("lightgbm")
pytest.importorskip("onnxmltools")
pytest.importorskip("boto3")
pytest.importorskip("moto.server")
import boto3
import delay_model
import events
import feed
import ingest as log
import pandas as pd
import registry
from features import State
from moto.server import ThreadedMotoServer
from store import read_json

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def bucket(monkeypatch):
    """A bucket behind the registry."""
    served = ThreadedMotoServer("127.0.0.1", 0)
    served.start()
    address = "http://{}:{}".format(*served.get_host_and_port())
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MLFLOW_S3_ENDPOINT_URL": address,
        "PLAYBOOK_ARTIFACTS": "s3://models/delay",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=address)
    client.create_bucket(Bucket="models")
    yield client
    served.stop()


def names(bucket, end):
    """Objects whose name ends so."""
    found = bucket.list_objects_v2(Bucket="models").get("Contents", [])
    return [one["Key"] for one in found if one["Key"].endswith(end)]


def test_the_log_is_the_same_there_and_a_batch_cut_in_the_middle_is_not_in_it(
    tmp_path, bucket, monkeypatch
):
    upath = pytest.importorskip("upath")
    pytest.importorskip("s3fs")
    address = bucket.meta.endpoint_url
    there = upath.UPath("s3://models/log", endpoint_url=address, key="test", secret="test")
    flights = feed.flights(1).head(500)
    right = flights.head(50).assign(arr_delay=20.0)
    batches = [(flights.replace({"distance": {1400.0: -5.0}}), 10), (right, 20), (flights, 30)]

    def cut(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(pd.DataFrame, "to_parquet", cut)
        with pytest.raises(KeyboardInterrupt):
            log.ingest(there, "flights", right, 5)
    assert not names(bucket, ".parquet")
    said = [
        [log.ingest(root, "flights", *batch) for batch in batches * 2] for root in (there, tmp_path)
    ]
    assert said[0] == said[1]
    assert [receipt.known for receipt in said[0]] == [False] * 3 + [True] * 3
    assert said[0][0].quarantined > 0
    pd.testing.assert_frame_equal(log.current(there, "flights"), log.current(tmp_path, "flights"))
    assert len(names(bucket, ".parquet")) == 4


def test_a_registry_that_keeps_its_models_elsewhere_says_so(tmp_path, bucket, monkeypatch):
    registry._client(tmp_path)
    monkeypatch.setenv("PLAYBOOK_ARTIFACTS", "s3://models/other")
    with pytest.raises(ValueError, match="in s3://models/delay, not s3://models/other"):
        registry._client(tmp_path)


def test_registered_promoted_and_rolled_back_from_s3_and_a_damaged_object_never_serves(
    tmp_path, bucket
):
    past = events.build(feed.flights(1).head(4000))
    rows, late = State(past, feed.weather(1)).rows(past), past["late"]
    one, two, three = (delay_model.fit(rows, late, {"n_estimators": n}) for n in (5, 6, 7))

    def register(model):
        return registry.register(tmp_path, model, rows.tail(20), {"rows": len(rows)}, {})

    first = register(one)
    assert register(one) == first
    (kept,) = names(bucket, "bundle/model.onnx")
    assert kept.startswith("delay/")
    assert not (tmp_path / "artifacts").exists()
    registry.promote(tmp_path, first)
    second = register(two)
    registry.promote(tmp_path, second)
    assert registry.aliases(tmp_path) == {"champion": second, "previous": first}
    assert registry.roll_back(tmp_path) == first
    assert read_json(tmp_path / "serving" / "champion.json") == {"version": first}
    delay_model.Scorer(registry.champion(tmp_path))

    import mlflow

    loaded = mlflow.lightgbm.load_model(f"models:/{registry.NAME}@champion")
    assert loaded.booster_.model_to_string() == one.text

    before = set(names(bucket, "bundle/model.onnx"))
    third = register(three)
    (key,) = set(names(bucket, "bundle/model.onnx")) - before
    body = bucket.get_object(Bucket="models", Key=key)["Body"].read()
    for damage in (body[:-100], b"", None):
        if damage is None:
            bucket.delete_object(Bucket="models", Key=key)
        else:
            bucket.put_object(Bucket="models", Key=key, Body=damage)
        with pytest.raises(delay_model.BundleError, match=r"bundle: .*model\.onnx"):
            registry.promote(tmp_path, third)
        assert registry.aliases(tmp_path)["champion"] == first
        assert registry.champion(tmp_path).name == f"v{first}"
    bucket.put_object(Bucket="models", Key=key, Body=body)
    registry.promote(tmp_path, third)
    assert registry.champion(tmp_path).name == f"v{third}"
    assert not list(tmp_path.rglob("*.part"))
