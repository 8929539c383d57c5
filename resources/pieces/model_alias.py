"""Which version serves? Move the alias only forward through a gate, and back without thinking.

Call `promote(name, "2", serving(name))` and `rollback(name)`.

Copy the file; it needs mlflow 3. The registry is the one of `mlflow.set_registry_uri`. `promote`
moves the alias to a version only if the champion is still the one it was judged against, the
version was not withdrawn, and `smoke` (load it, predict, compare) does not raise. A tag of the
model keeps what served, in order: `rollback` twice goes back two versions, past those that were
withdrawn or deleted, and never forth. A withdrawn version can be promoted again once its tag
`withdrawn` is deleted. MLflow has no compare-and-set: let one job at a time promote (a
`concurrency` group of the workflow). Change `ALIAS` if several stages serve. Servers hold what they
loaded: let them report their version and compare it with `serving`.
"""

from __future__ import annotations

from collections.abc import Callable

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

ALIAS = "champion"
WITHDRAWN = "withdrawn"
KEPT = 100  # versions of the history: a tag has a longest value


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
        raise RefusedError(
            f"version {version} was withdrawn: {tags[WITHDRAWN]}; "
            f"delete its tag {WITHDRAWN!r} to allow it again"
        )
    try:
        smoke(f"models:/{name}/{version}")
    except Exception as fault:
        raise RefusedError(f"version {version} failed its smoke test: {fault}") from fault
    # The way back is written first: a crash between the two lines leaves the old champion in place.
    if current is not None:
        _remember(client, name, [*_history(client, name), current])
    client.set_registered_model_alias(name, ALIAS, version)


def rollback(name: str, why: str = "rolled back") -> str:
    """Withdraw the champion and serve what served before it; the version that serves now.

    Raises:
        RefusedError: nothing served before, or all of it was withdrawn or deleted.
    """
    client, bad = MlflowClient(), serving(name)
    if bad is None:
        raise RefusedError("nothing serves")
    history, lost = _history(client, name), {}
    while history:
        earlier = history.pop()
        if earlier == bad:  # it served twice, or a promotion was killed half-way
            continue
        if not (fault := _unfit(client, name, earlier)):
            client.set_registered_model_alias(name, ALIAS, earlier)
            _remember(client, name, history)
            client.set_model_version_tag(name, bad, WITHDRAWN, why)
            return earlier
        lost[earlier] = fault
    gone = "".join(f"; version {version} was {fault}" for version, fault in lost.items())
    raise RefusedError(f"nothing to go back to before version {bad}{gone}")


def _unfit(client: MlflowClient, name: str, version: str) -> str:
    """Why `version` cannot serve again, or an empty text."""
    try:
        tags = client.get_model_version(name, version).tags
    except MlflowException as fault:
        if fault.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return "deleted"
    return f"withdrawn: {tags[WITHDRAWN]}" if WITHDRAWN in tags else ""


def _history(client: MlflowClient, name: str) -> list[str]:
    """Versions that served before the champion, oldest first."""
    served: str = client.get_registered_model(name).tags.get(f"{ALIAS}_before", "")
    return served.split()


def _remember(client: MlflowClient, name: str, history: list[str]) -> None:
    client.set_registered_model_tag(name, f"{ALIAS}_before", " ".join(history[-KEPT:]))
