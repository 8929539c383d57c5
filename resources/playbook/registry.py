"""The registry: MLflow on SQLite; versions are promoted and rolled back by alias.

`champion` is the alias that serves, `previous` the way back. The server does not ask MLflow: what
is promoted is copied to ``serving/`` and named in one small file, so a registry that is down stops
no answer. Many writers: ``PLAYBOOK_REGISTRY=postgresql+psycopg2://...``
and ``PLAYBOOK_ARTIFACTS=s3://...``. Change: `NAME`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from delay_model import Model, Scorer, export
from store import read_json, write_json

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
NAME = "delay"


def uri(home: Path) -> str:
    """Where runs and versions are kept; a variable of our own, because MLflow writes its own."""
    return os.environ.get("PLAYBOOK_REGISTRY") or f"sqlite:///{home / 'mlflow.db'}"


def artifacts(home: Path) -> str:
    """Where models are kept."""
    return os.environ.get("PLAYBOOK_ARTIFACTS") or (home / "artifacts").as_uri()


def _client(home: Path) -> Any:
    import mlflow  # 7 s

    mlflow.set_tracking_uri(uri(home))
    mlflow.set_registry_uri(uri(home))  # another may be set in the environment
    found, wanted = mlflow.get_experiment_by_name(NAME), artifacts(home)
    if found is None:
        mlflow.create_experiment(NAME, wanted)
    elif "PLAYBOOK_ARTIFACTS" in os.environ and found.artifact_location != wanted:
        raise ValueError(f"{uri(home)} keeps its models in {found.artifact_location}, not {wanted}")
    mlflow.set_experiment(NAME)
    return mlflow.MlflowClient()


def register(
    home: Path,
    model: Model,
    sample: pd.DataFrame,
    about: dict[str, Any],
    metrics: dict[str, float],
) -> int:
    """Log the model with its lineage and register it; the same model again is the same version."""
    import mlflow
    from mlflow.models import infer_signature

    client = _client(home)
    content = f"{model.text}{model.encoder.categories}{model.slope}{model.intercept}"
    key = hashlib.sha256(content.encode()).hexdigest()[:16]
    for version in client.search_model_versions(f"name = '{NAME}'"):
        if version.tags.get("key") == key:
            return int(version.version)
    bundle = home / "bundles" / key
    export(model, sample, bundle)
    Scorer(bundle)  # what cannot be loaded is not registered
    matrix = pd.DataFrame(model.encoder(sample), columns=list(sample.columns))
    with mlflow.start_run() as run:
        mlflow.log_params(about)
        mlflow.log_metrics(metrics)
        mlflow.log_artifacts(str(bundle), "bundle")
        info = mlflow.lightgbm.log_model(
            model.trees,
            name="model",
            signature=infer_signature(matrix, model.probability(sample)),
            pip_requirements=["lightgbm", "onnxruntime"],  # scanning for them takes 24 s
        )
    with contextlib.suppress(mlflow.MlflowException):  # it exists
        client.create_registered_model(NAME)
    # Last, and with its key in one step: a version without one would be made a second time.
    made = client.create_model_version(
        NAME, info.model_uri, run.info.run_id, tags={"key": key}, model_id=info.model_id
    )
    return int(made.version)


def aliases(home: Path) -> dict[str, int]:
    """The version behind each alias."""
    return {name: int(v) for name, v in _client(home).get_registered_model(NAME).aliases.items()}


def promote(home: Path, version: int) -> None:
    """Make `version` the champion and publish it; safe to repeat after a kill at any point."""
    client, now = _client(home), aliases(home)
    publish(home, version)
    if "champion" in now and now["champion"] != version:
        client.set_registered_model_alias(NAME, "previous", str(now["champion"]))
    client.set_registered_model_alias(NAME, "champion", str(version))
    write_json(home / "serving" / "champion.json", {"version": version})


def roll_back(home: Path) -> int:
    """Serve the version before the champion again; its number.

    Raises:
        LookupError: there is none.
    """
    now = aliases(home)
    if "previous" not in now:
        raise LookupError("no version was champion before this one")
    promote(home, now["previous"])
    return now["previous"]


def publish(home: Path, version: int) -> Path:
    """Copy a version's bundle to where servers look; it is there whole or not at all."""
    folder = home / "serving" / f"v{version}"
    if folder.exists():
        return folder
    client = _client(home)
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    run = client.get_model_version(NAME, str(version)).run_id
    bundle = Path(client.download_artifacts(run, "bundle", str(part)))
    Scorer(bundle)
    bundle.rename(folder)
    part.rmdir()
    return folder


def champion(home: Path) -> Path:
    """The folder of the bundle that serves."""
    return home / "serving" / f"v{read_json(home / 'serving' / 'champion.json')['version']}"
