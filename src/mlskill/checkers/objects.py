"""objects: what is wrong with a Kubernetes object or a GitHub workflow.

Shown to readers, they are seldom whole, so nothing is missed here. What is there is held against
the shapes that the API server and GitHub publish (`shapes`), and against itself, which no schema
does. The prover asks for more: what a schema demands must be there, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from mlskill.checkers.manifests import documents
from mlskill.checkers.shapes import Shapes, at, near, table
from mlskill.checkers.tools import FaultError

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
_VERSION = re.compile(r"(?:[a-z\d.]+/)?v\d+(?:(?:alpha|beta)\d+)?")
_COUNT = re.compile(r"[0-9]{1,9}")
# Keys that another system's pipelines have beside their jobs.
_OTHERS = {"stages", "workflows", "version", "trigger", "pool", "resources", "default"}


def broken_manifest(text: str) -> Iterator[FaultError]:
    r"""What the API server refuses in Kubernetes' own objects.

    >>> for fault in broken_manifest("apiVersion: batch/v1beta1\nkind: CronJob\n"):
    ...     print(fault)
    batch/v1beta1 has no CronJob; write batch/v1
    """
    if "apiVersion" not in text or "kind" not in text:
        return
    shapes = Shapes(table("kubernetes")["types"])
    for node in _read(text):
        keys = _keys(node)
        items = keys.get("items") if _text(keys.get("kind")).endswith("List") else None
        listed = items.value if isinstance(items, yaml.SequenceNode) else [node]
        for each in {id(each): each for each in listed}.values():  # an alias is no other object
            yield from _object(each, shapes)


def _object(node: yaml.Node, shapes: Shapes) -> Iterator[FaultError]:
    keys, kinds = _keys(node), table("kubernetes")["kinds"]
    version, kind = _text(keys.get("apiVersion")), _text(keys.get("kind"))
    if kind not in kinds.get(version, ()):
        yield from _homeless(keys, version, kind, kinds)
        return
    yield from shapes.faults(node, kinds[version][kind], f"a {kind}")
    spec = _keys(keys.get("spec"))
    if kind in _WORKLOADS:
        yield from _selects_itself(spec)
        pods = _keys(_keys(spec.get("template")).get("spec"))
        if "selector" not in spec and _whole(pods.get("containers")):
            yield at(keys["kind"], f"a {kind} needs spec.selector, with its pods' labels")
    if kind == "HorizontalPodAutoscaler":
        least, most = (_text(spec.get(k)) for k in ("minReplicas", "maxReplicas"))
        if _COUNT.fullmatch(least) and _COUNT.fullmatch(most) and int(least) > int(most):
            yield at(spec["minReplicas"], f"minReplicas {least} is more than maxReplicas {most}")


def _whole(containers: yaml.Node | None) -> bool:
    """Whether these are more than what a patch changes: a limit, or an image."""
    listed = containers.value if isinstance(containers, yaml.SequenceNode) else ()
    return any(_keys(each).keys() - {"name"} > {"image"} for each in listed)


def _homeless(
    keys: dict[str, yaml.Node], version: str, kind: str, kinds: dict[str, dict[str, str]]
) -> Iterator[FaultError]:
    """A kind that a version of Kubernetes' own does not have, or has no more."""
    group = version.rpartition("/")[0]
    own = {each.rpartition("/")[0] for each in kinds} | {"extensions"}
    if group not in own or not _VERSION.fullmatch(version):
        return
    homes = [each for each in kinds if kind in kinds[each]]
    if homes:
        stable = ("alpha", "beta")
        home = max(
            homes, key=lambda v: (not any(s in v for s in stable), v.startswith(f"{group}/"), v)
        )
        yield at(keys["apiVersion"], f"{version} has no {kind}; write {home}")
    elif meant := near(kind, kinds.get(version, ()), 0.85):  # v1 Config is kubectl's own
        yield at(keys["kind"], f"{kind} is no kind of {version}; did you mean {meant}?")


def _selects_itself(spec: dict[str, yaml.Node]) -> Iterator[FaultError]:
    """A workload's selector matches the labels of the pods that it makes."""
    wanted = _keys(_keys(spec.get("selector")).get("matchLabels"))
    template = _keys(_keys(spec.get("template")).get("metadata"))
    if not wanted or "labels" not in template:
        return
    labels = {key: _text(value) for key, value in _keys(template["labels"]).items()}
    for key, value in wanted.items():
        if labels and labels.get(key) != _text(value):
            has = f"have {key}: {labels[key]}" if key in labels else f"have no label {key}"
            yield at(value, f"the selector wants {key}: {_text(value)}, but its own pods {has}")


def broken_workflow(text: str) -> Iterator[FaultError]:
    r"""What GitHub refuses in a workflow.

    >>> for fault in broken_workflow("on: push\njobs:\n  a:\n    runs-on: x\n    step: []\n"):
    ...     print(fault)
    step is no key of a job; did you mean steps?
    """
    if "jobs:" not in text:
        return
    shapes = None
    for node in _read(text):
        keys = _keys(node)
        jobs = _keys(keys.get("jobs"))
        if _is_workflow(keys, jobs):
            shapes = shapes or Shapes(table("workflow")["types"])
            yield from shapes.faults(node, "workflow", "a workflow")
            # One job alone may be shown without those before it, but not below a full head.
            if len(jobs) > 1 or {"on", "name"} <= keys.keys():
                yield from _needs(jobs)


def _is_workflow(keys: dict[str, yaml.Node], jobs: dict[str, yaml.Node]) -> bool:
    """Whether these are a workflow's, and of no other system."""
    if not jobs or _OTHERS & keys.keys():
        return False
    ours = {"runs-on", "steps", "uses"}
    return "on" in keys or (
        "name" in keys and any(ours & _keys(job).keys() for job in jobs.values())
    )


def _needs(jobs: dict[str, yaml.Node]) -> Iterator[FaultError]:
    """A job needs another that is there."""
    for job in jobs.values():
        needs = _keys(job).get("needs")
        for need in needs.value if isinstance(needs, yaml.SequenceNode) else [needs]:
            if need is not None and _text(need) and _text(need) not in jobs:
                yield at(need, f"needs the job {_text(need)}, which this workflow does not have")


def _read(text: str) -> list[yaml.Node]:
    """The documents of `text`; none where it cannot be read, which is another's to say."""
    try:
        return documents(text)
    except FaultError:
        return []


def _keys(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {k.value: value for k, value in node.value if isinstance(k, yaml.ScalarNode)}


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""
