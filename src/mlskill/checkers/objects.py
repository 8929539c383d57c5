"""objects: what is wrong with a Kubernetes object or a GitHub workflow on its face.

Shown to readers, they are seldom whole, so nothing is missed here; what is there is compared with
itself and with what the API server and GitHub are known to refuse. The schemas (see `manifests`)
find more, and the prover asks them; these checks take no time and find what schemas do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import NoReturn

import yaml

from mlskill.checkers.manifests import documents
from mlskill.checkers.tools import FaultError

# https://kubernetes.io/docs/reference/using-api/deprecation-guide/ (2026-08)
_GONE = {
    ("extensions/v1beta1", "Deployment"): "apps/v1",
    ("extensions/v1beta1", "DaemonSet"): "apps/v1",
    ("extensions/v1beta1", "ReplicaSet"): "apps/v1",
    ("extensions/v1beta1", "Ingress"): "networking.k8s.io/v1",
    ("extensions/v1beta1", "NetworkPolicy"): "networking.k8s.io/v1",
    ("apps/v1beta1", "Deployment"): "apps/v1",
    ("apps/v1beta1", "StatefulSet"): "apps/v1",
    ("apps/v1beta2", "Deployment"): "apps/v1",
    ("apps/v1beta2", "StatefulSet"): "apps/v1",
    ("apps/v1beta2", "DaemonSet"): "apps/v1",
    ("networking.k8s.io/v1beta1", "Ingress"): "networking.k8s.io/v1",
    ("batch/v1beta1", "CronJob"): "batch/v1",
    ("policy/v1beta1", "PodDisruptionBudget"): "policy/v1",
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): "autoscaling/v2",
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): "autoscaling/v2",
    ("rbac.authorization.k8s.io/v1beta1", "Role"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"): "rbac.authorization.k8s.io/v1",
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): "apiextensions.k8s.io/v1",
}
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax (2026-10)
_WORKFLOW = ("name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs")
_JOB = (
    *("name", "permissions", "needs", "if", "runs-on", "environment", "concurrency", "outputs"),
    *("env", "defaults", "steps", "timeout-minutes", "strategy", "continue-on-error"),
    *("container", "services", "uses", "with", "secrets", "snapshot"),
)
_STEP = (
    *("id", "if", "name", "uses", "run", "shell", "with", "env", "continue-on-error"),
    *("timeout-minutes", "working-directory"),
)


def broken_manifest(text: str) -> None:
    r"""A Kubernetes object that the API server refuses whatever else it holds.

    >>> broken_manifest("apiVersion: batch/v1beta1\nkind: CronJob\n")
    Traceback (most recent call last):
    mlskill.checkers.tools.FaultError: batch/v1beta1 has no CronJob since long; write batch/v1
    """
    if "apiVersion" not in text or "kind" not in text:
        return
    for node in _read(text):
        keys = _keys(node)
        version, kind = _text(keys.get("apiVersion")), _text(keys.get("kind"))
        if (version, kind) in _GONE:
            now = _GONE[version, kind]
            _refuse(keys["apiVersion"], f"{version} has no {kind} since long; write {now}")
        spec = _keys(keys.get("spec"))
        if kind in _WORKLOADS and version.startswith("apps/"):
            _selects_itself(spec)
            pods = _keys(_keys(spec.get("template")).get("spec"))
            if "selector" not in spec and "containers" in pods:
                _refuse(keys["kind"], f"a {kind} needs spec.selector, with its pods' labels")
        if kind == "HorizontalPodAutoscaler":
            least, most = (_text(spec.get(k)) for k in ("minReplicas", "maxReplicas"))
            if least.isdigit() and most.isdigit() and int(least) > int(most):
                _refuse(spec["minReplicas"], f"minReplicas {least} is more than maxReplicas {most}")


def _selects_itself(spec: dict[str, yaml.Node]) -> None:
    """A workload's selector matches the labels of the pods that it makes."""
    wanted = _keys(_keys(spec.get("selector")).get("matchLabels"))
    template = _keys(_keys(spec.get("template")).get("metadata"))
    if not wanted or "labels" not in template:
        return
    labels = {key: _text(value) for key, value in _keys(template["labels"]).items()}
    for key, value in wanted.items():
        if labels and labels.get(key) != _text(value):
            has = f"have {key}: {labels[key]}" if key in labels else f"have no label {key}"
            _refuse(value, f"the selector wants {key}: {_text(value)}, but its own pods {has}")


def broken_workflow(text: str) -> None:
    r"""A GitHub workflow that GitHub refuses whatever else it holds.

    >>> broken_workflow("on: push\njobs:\n  a:\n    runs-on: x\n    step: []\n")
    Traceback (most recent call last):
    mlskill.checkers.tools.FaultError: step is no key of a job; did you mean steps?
    """
    if "jobs:" not in text:
        return
    for node in _read(text):
        keys = _keys(node)
        if "jobs" not in keys or not {"on", "name"} & keys.keys():
            continue
        if "stages" in keys or "workflows" in keys or "version" in keys:
            continue  # another system's
        _known(node, _WORKFLOW, "workflow")
        jobs = _keys(keys["jobs"])
        for job in jobs.values():
            _known(job, _JOB, "job")
            held = _keys(job)
            needs = held.get("needs")
            for need in needs.value if isinstance(needs, yaml.SequenceNode) else [needs]:
                # One job alone may be shown without those before it, but not below a full head.
                whole = len(jobs) > 1 or {"on", "name"} <= keys.keys()
                if need is not None and _text(need) and _text(need) not in jobs and whole:
                    _refuse(need, f"needs the job {_text(need)}, which this workflow does not have")
            steps = held.get("steps")
            for step in steps.value if isinstance(steps, yaml.SequenceNode) else ():
                _known(step, _STEP, "step")


def _read(text: str) -> list[yaml.Node]:
    """The documents of `text`; none where it cannot be read, which is another's to say."""
    try:
        return documents(text)
    except FaultError:
        return []


def _known(node: yaml.Node, known: tuple[str, ...], what: str) -> None:
    """Refuse a key of `node` that is nearly one of `known`."""
    for key in _key_nodes(node):
        if key.value not in known:
            near = get_close_matches(key.value[:40], known, n=1, cutoff=0.75)
            if near and near[0] not in _keys(node):
                _refuse(key, f"{key.value} is no key of a {what}; did you mean {near[0]}?")


def _refuse(node: yaml.Node, message: str) -> NoReturn:
    mark = node.start_mark
    raise FaultError(message, mark.line + 1, column=mark.column + 1)


def _key_nodes(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.MappingNode):
        yield from (key for key, _ in node.value if isinstance(key, yaml.ScalarNode))


def _keys(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {k.value: value for k, value in node.value if isinstance(k, yaml.ScalarNode)}


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""
