"""Registration, promotion and roll-back, cut off at every step and tried again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "playbook"))

pytest.importorskip("mlflow")
pytest.importorskip("lightgbm")
pytest.importorskip("onnxmltools")
import delay_model
import events
import feed
import registry
from features import State
from store import read_json

pytestmark = pytest.mark.filterwarnings("ignore")


class PowerError(Exception):
    """The process ends here."""


def cut(*_, **__):
    raise PowerError


@pytest.fixture(scope="module")
def rows():
    log = events.build(feed.flights(1).head(4000))
    return State(log, feed.weather(1)).rows(log), log["late"]


def test_cut_off_at_any_step_the_next_try_ends_as_if_nothing_had_been(tmp_path, rows, monkeypatch):
    table, late = rows
    one, two = (delay_model.fit(table, late, {"n_estimators": n}) for n in (5, 6))

    def register(model):
        return registry.register(tmp_path, model, table.tail(20), {"rows": len(table)}, {})

    import mlflow

    (tmp_path / "other").mkdir()
    registry._client(tmp_path / "other")  # MLflow remembers the last registry, also in a variable

    def cut_at(target, name, call, *arguments):
        with monkeypatch.context() as broken:
            broken.setattr(target, name, cut)
            with pytest.raises(PowerError):
                call(*arguments)

    cut_at(mlflow, "log_artifacts", register, one)
    make = mlflow.MlflowClient.create_model_version

    def made_and_cut(*arguments, **named):
        make(*arguments, **named)
        raise PowerError

    with monkeypatch.context() as broken:
        broken.setattr(mlflow.MlflowClient, "create_model_version", made_and_cut)
        with pytest.raises(PowerError):
            register(one)
    first = register(one)
    assert first == register(one) == 1, "a version cut off after it was made is made once more"
    assert (tmp_path / "mlflow.db").exists()
    second = register(two)
    assert second != first

    registry.promote(tmp_path, first)
    with pytest.raises(LookupError):
        registry.roll_back(tmp_path)
    for target, name in (
        (registry, "publish"),
        (mlflow.MlflowClient, "set_registered_model_alias"),
        (registry, "write_json"),
    ):
        cut_at(target, name, registry.promote, tmp_path, second)
        delay_model.Scorer(registry.champion(tmp_path))  # what serves is whole at all times
        assert registry.champion(tmp_path).name == f"v{first}"
    registry.promote(tmp_path, second)
    assert registry.aliases(tmp_path) == {"champion": second, "previous": first}
    assert registry.roll_back(tmp_path) == first
    assert read_json(tmp_path / "serving" / "champion.json") == {"version": first}
    assert not list(tmp_path.rglob("*.part"))
    loaded = mlflow.lightgbm.load_model(f"models:/{registry.NAME}@champion")
    assert loaded.booster_.model_to_string() == one.text
