"""Which version serves? Move the alias only forward through a gate, and back without thinking.

Call `promote(name, "2", serving(name))` and `rollback(name)`.

Copy the file; it needs mlflow 3. The registry is the one of `mlflow.set_registry_uri`. `promote`
moves the alias to a version only if the champion is still the one it was judged against, the
version was not withdrawn, and `smoke` (load it, predict, compare) does not raise. Each version
remembers whom it replaced, so `rollback` twice goes back two versions, and never forth. MLflow has
no compare-and-set: let one job at a time promote (a `concurrency` group of the workflow). Change
`ALIAS` if several stages serve. Servers hold what they loaded: let them report
their version and compare it with `serving`.
"""

from __future__ import annotations

from collections.abc import Callable

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

ALIAS = "champion"
REPLACED, WITHDRAWN = "replaced", "withdrawn"


class RefusedError(RuntimeError):
    """The alias was not moved."""


def serving(name: str) -> str | None:
    """The version behind the alias, None before the first promotion."""
    model = MlflowClient().get_registered_model(name)
    version = model.aliases.get(ALIAS)
    return None if version is None else str(version)


def promote(
    name: str,
    version: str,
    judged_against: str | None,
    smoke: Callable[[str], object] = mlflow.pyfunc.load_model,
) -> None:
    """Move the alias to `version`; `smoke` is called with its address.

    By default it loads the model; pass one that predicts logged requests too.

    Raises:
        RefusedError: the champion changed since the gate ran, the version was withdrawn, or `smoke`
            failed.
    """
    client, current = MlflowClient(), serving(name)
    if current != judged_against:
        raise RefusedError(f"judged against {judged_against}, but {current} serves: judge again")
    if current == version:
        raise RefusedError(f"version {version} serves already")
    tags = client.get_model_version(name, version).tags
    if WITHDRAWN in tags:
        raise RefusedError(f"version {version} was withdrawn: {tags[WITHDRAWN]}")
    try:
        smoke(f"models:/{name}/{version}")
    except Exception as fault:
        raise RefusedError(f"version {version} failed its smoke test: {fault}") from fault
    # The way back is written first: a crash between the two lines leaves the old champion in place.
    client.set_model_version_tag(name, version, REPLACED, current or "")
    client.set_registered_model_alias(name, ALIAS, version)


def rollback(name: str, why: str = "rolled back") -> str:
    """Withdraw the champion; the version that serves now.

    Raises:
        RefusedError: there is no earlier version, or it is gone.
    """
    client, bad = MlflowClient(), serving(name)
    if bad is None:
        raise RefusedError("nothing serves")
    earlier: str = client.get_model_version(name, bad).tags.get(REPLACED, "")
    if not earlier:
        raise RefusedError(f"version {bad} replaced nothing")
    try:
        client.get_model_version(name, earlier)
    except MlflowException as fault:
        raise RefusedError(f"version {earlier} was deleted") from fault
    client.set_registered_model_alias(name, ALIAS, earlier)
    client.set_model_version_tag(name, bad, WITHDRAWN, why)
    return earlier
