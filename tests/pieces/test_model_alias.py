"""The faults `model_alias` exists for, put in on purpose."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
pytest.importorskip("mlflow", minversion="3")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    import mlflow
    from mlflow.tracking import MlflowClient

    mlflow.set_registry_uri(f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db")
    mlflow.set_tracking_uri(mlflow.get_registry_uri())
    yield MlflowClient()
    mlflow.set_registry_uri(None)
    mlflow.set_tracking_uri(None)


@pytest.fixture
def name(registry, tmp_path, request):
    model = request.node.name
    registry.create_registered_model(model)
    for _ in range(3):
        registry.create_model_version(model, tmp_path.as_uri())
    return model


def passes(address):
    return address


def test_promote_then_two_rollbacks_go_two_versions_back(name):
    from model_alias import promote, rollback, serving

    assert serving(name) is None
    for against, version in [(None, "1"), ("1", "2"), ("2", "3")]:
        promote(name, version, against, passes)
    assert rollback(name, "slow") == serving(name) == "2"
    assert rollback(name, "wrong") == serving(name) == "1"


def test_a_withdrawn_version_does_not_come_back(name):
    from model_alias import RefusedError, promote, rollback, serving

    promote(name, "1", None, passes)
    promote(name, "2", "1", passes)
    rollback(name, "loses money")
    with pytest.raises(RefusedError, match="withdrawn: loses money"):
        promote(name, "2", "1", passes)
    promote(name, "3", "1", passes)
    assert rollback(name, "worse") == serving(name) == "1"


def test_a_version_that_served_twice_does_not_turn_rollback_into_a_circle(name):
    from model_alias import RefusedError, promote, rollback, serving

    for against, version in [(None, "1"), ("1", "2"), ("2", "1")]:
        promote(name, version, against, passes)
    assert rollback(name, "slow") == serving(name) == "2"
    with pytest.raises(RefusedError, match="before version 2; version 1 was withdrawn: slow"):
        rollback(name)
    assert serving(name) == "2"


def test_rollback_steps_over_what_was_withdrawn(name):
    from model_alias import promote, rollback

    for against, version in [(None, "3"), ("3", "1"), ("1", "2"), ("2", "1")]:
        promote(name, version, against, passes)
    assert [rollback(name), rollback(name)] == ["2", "3"]


def test_a_withdrawn_version_is_allowed_again_on_purpose(name, registry):
    from model_alias import RefusedError, promote, rollback, serving

    promote(name, "1", None, passes)
    promote(name, "2", "1", passes)
    rollback(name, "by mistake")
    with pytest.raises(RefusedError, match="delete its tag 'withdrawn'"):
        promote(name, "2", "1", passes)
    registry.delete_model_version_tag(name, "2", "withdrawn")
    promote(name, "2", "1", passes)
    assert rollback(name) == serving(name) == "1"


@pytest.mark.parametrize("call", ["set_registered_model_alias", "set_registered_model_tag"])
def test_a_promotion_or_rollback_killed_half_way_is_made_good(name, monkeypatch, call):
    from mlflow.tracking import MlflowClient
    from model_alias import promote, rollback, serving

    def killed(*_, **__):
        raise KeyboardInterrupt

    for against, version in [(None, "1"), ("1", "2")]:
        promote(name, version, against, passes)
    for change in (lambda: promote(name, "3", "2", passes), lambda: rollback(name)):
        with monkeypatch.context() as patch:
            patch.setattr(MlflowClient, call, killed)
            with pytest.raises(KeyboardInterrupt):
                change()
    if serving(name) == "2":
        assert rollback(name) == "1"
    assert serving(name) == "1"


def test_a_registry_that_does_not_answer_is_not_a_deleted_version(name, monkeypatch):
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient
    from model_alias import promote, rollback

    def silent(*_, **__):
        raise MlflowException("no answer")

    promote(name, "1", None, passes)
    promote(name, "2", "1", passes)
    monkeypatch.setattr(MlflowClient, "get_model_version", silent)
    with pytest.raises(MlflowException, match="no answer"):
        rollback(name)


def test_a_gate_that_ran_against_an_older_champion_is_stale(name):
    from model_alias import RefusedError, promote, serving

    promote(name, "1", None, passes)
    promote(name, "2", "1", passes)
    with pytest.raises(RefusedError, match="judged against 1, but 2 serves"):
        promote(name, "3", "1", passes)
    assert serving(name) == "2"


def test_a_version_that_cannot_predict_leaves_the_alias(name):
    from model_alias import RefusedError, promote, serving

    def smoke(address):
        raise OSError(f"{address} does not load")

    promote(name, "1", None, passes)
    with pytest.raises(RefusedError, match=r"smoke test: models:/.*/2 does not load"):
        promote(name, "2", "1", smoke)
    assert serving(name) == "1"


def test_there_must_be_a_way_back(name, registry):
    from model_alias import RefusedError, promote, rollback, serving

    with pytest.raises(RefusedError, match="nothing serves"):
        rollback(name, "")
    promote(name, "1", None, passes)
    with pytest.raises(RefusedError, match=r"nothing to go back to before version 1$"):
        rollback(name, "")
    promote(name, "2", "1", passes)
    registry.delete_model_version(name, "1")
    with pytest.raises(RefusedError, match="version 1 was deleted"):
        rollback(name, "")
    assert serving(name) == "2"


def test_by_default_a_version_must_load(name):
    from model_alias import RefusedError, promote, serving

    with pytest.raises(RefusedError, match="failed its smoke test"):
        promote(name, "1", None)
    assert serving(name) is None
