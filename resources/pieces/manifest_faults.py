"""What schema validation lets pass in Kubernetes manifests of model servers and GPU jobs.

Call `found = faults(yaml.safe_load_all(text), load_seconds=90)`.

Copy the file; standard library only: pass all parsed documents of a release together, as in
``faults(yaml.safe_load_all(text))``, after kubernetes-validate --strict. Each rule is a fault that
deploys without an error and hurts later: a selector that matches nothing, a probe on no port, a
start-up budget under the load time, a GPU pod that lands nowhere, an autoscaler that looks at the
CPU of a GPU server, a cache of weights that counts as memory. Change `load_seconds` and `taint`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]
GPU = re.compile(r"(nvidia|amd|intel)\.com/(gpu|mig-|i915|xe)")


def faults(
    documents: Iterable[Object | None], load_seconds: float = 60, taint: str = "nvidia.com/gpu"
) -> list[str]:
    """One line for each fault; `load_seconds` is the slowest load of the model you have seen."""
    objects = [document for document in documents if document]
    found: list[str] = []
    for document in objects:
        name = f"{document['kind']}/{document['metadata']['name']}"
        spec = document.get("spec", {})
        rules = (
            [_scales(spec, objects)] if "minReplicas" in spec or "scaleTargetRef" in spec else []
        )
        if document["kind"] in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
            rules.append(_selects(document["kind"], spec, objects))
        if "template" in spec:
            rules.append(_workload(document["kind"], spec, load_seconds, taint, objects))
        found += [f"{name}: {fault}" for rule in rules for fault in rule]
    return found


def _workload(
    kind: str, spec: Object, load_seconds: float, taint: str, objects: list[Object]
) -> Iterator[str]:
    template = spec["template"]
    labels = template.get("metadata", {}).get("labels", {})
    wanted = spec.get("selector", {}).get("matchLabels", {})
    if not wanted.items() <= labels.items():
        yield f"selects {dict(wanted)}, its pods are {dict(labels)}"
    pod = template["spec"]
    containers = [*pod.get("containers", []), *pod.get("initContainers", [])]
    claims = {claim["name"] for claim in pod.get("resourceClaims", [])}
    gpu = bool(claims)
    for container in containers:
        gpu = gpu or any(map(GPU.match, _resources(container, "limits")))
        yield from _container(container, pod, claims)
    if kind in ("Deployment", "StatefulSet"):
        for container in pod.get("containers", []):
            yield from _probes(container, load_seconds)
    if gpu:
        tolerated = [t.get("key") for t in pod.get("tolerations", [])]
        if taint not in tolerated and None not in tolerated:
            yield f"wants a GPU and does not tolerate {taint}: it waits for ever"
        surge = spec.get("strategy", {}).get("rollingUpdate", {}).get("maxSurge")
        if kind == "Deployment" and surge is None and "Recreate" not in str(spec.get("strategy")):
            yield "a rollout needs 25 % more GPUs than it has: set maxSurge and maxUnavailable"
    if kind == "Job" and "activeDeadlineSeconds" not in spec:
        yield "a job that hangs keeps its node: set activeDeadlineSeconds"
    if kind == "Deployment" and spec.get("replicas", 1) > 1:
        budgets = [o["spec"] for o in objects if o["kind"] == "PodDisruptionBudget"]
        if not any(_match(budget.get("selector"), labels) for budget in budgets):
            yield "no PodDisruptionBudget: a node upgrade may take all pods at once"


def _container(container: Object, pod: Object, claims: set[str]) -> Iterator[str]:
    name = container["name"]
    limits, requests = _resources(container, "limits"), _resources(container, "requests")
    image = container.get("image", "")
    if "@sha256:" not in image:
        yield f"{name}: {image or 'the image'} is not pinned by digest"
    if "memory" not in limits:
        yield f"{name}: no memory limit: one leak takes the node"
    elif requests.get("memory", limits["memory"]) != limits["memory"]:
        yield f"{name}: memory request and limit differ: killed when the node is full"
    for key in filter(GPU.match, requests):
        if limits.get(key) != requests[key]:
            yield f"{name}: {key} is requested and not limited alike"
    for key in filter(GPU.match, limits):
        if not float(limits[key]).is_integer():
            yield f"{name}: {key} of {limits[key]}: no fractions"
    for claim in container.get("resources", {}).get("claims", []):
        if claim["name"] not in claims:
            yield f"{name}: no resourceClaims entry {claim['name']}"
    for variable in container.get("env", []):
        secret = re.search(r"(?i)(token|secret|passw|api_?key)", variable["name"])
        if secret and "value" in variable:
            yield f"{name}: {variable['name']} stands in the manifest"
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    for mount in container.get("volumeMounts", []):
        empty = volumes.get(mount["name"], {}).get("emptyDir")
        if empty is not None and "sizeLimit" not in (empty or {}):
            what = "counts as memory" if (empty or {}).get("medium") else "can fill the node"
            yield f"{name}: {mount['mountPath']} {what}: set sizeLimit"


def _probes(container: Object, load_seconds: float) -> Iterator[str]:
    name = container["name"]
    ports = {port.get("name") for port in container.get("ports", [])}
    ports |= {port["containerPort"] for port in container.get("ports", [])}
    probes = {kind: container.get(f"{kind}Probe") for kind in ("startup", "readiness", "liveness")}
    for kind, probe in probes.items():
        asked = [(probe or {}).get(way) or {} for way in ("httpGet", "grpc", "tcpSocket")]
        port = next((way["port"] for way in asked if "port" in way), None)
        if port is not None and port not in ports:
            yield f"{name}: the {kind} probe asks port {port}, which is not there"
    if not probes["readiness"]:
        yield f"{name}: no readiness probe: traffic comes before the model"
    first = probes["startup"] or probes["liveness"]
    if first:
        budget = first.get("initialDelaySeconds", 0)
        budget += first.get("periodSeconds", 10) * (first.get("failureThreshold", 3) - 1)
        if budget < load_seconds:
            yield f"{name}: killed after {budget} s, loading takes {load_seconds:g}"
    paths = [(probes[k] or {}).get("httpGet", {}).get("path") for k in ("readiness", "liveness")]
    if paths[0] and paths[0] == paths[1]:
        yield f"{name}: liveness asks {paths[0]} too: what is only busy is killed"


def _scales(spec: Object, objects: list[Object]) -> Iterator[str]:
    low = spec.get("minReplicas", spec.get("minReplicaCount", 1))
    high = spec.get("maxReplicas", spec.get("maxReplicaCount", 100))
    if low > high:
        yield f"at least {low} and at most {high} replicas"
    target = spec.get("scaleTargetRef", {})
    kind = target.get("kind", "Deployment")
    known = [o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, target.get("name"))]
    if not known:
        yield f"scales {kind}/{target.get('name')}, which is not here"
        return
    if "replicas" in known[0]["spec"]:
        yield "the target states replicas: each deploy undoes the scaling"
    gpu = GPU.search(str(known[0])) or "resourceClaims" in str(known[0])
    used = [m["resource"]["name"] for m in spec.get("metrics", []) if m.get("type") == "Resource"]
    if gpu and used:
        yield f"scales a GPU server by {', '.join(used)}: use the length of its queue"


def _selects(kind: str, spec: Object, objects: list[Object]) -> Iterator[str]:
    selector = spec.get("podSelector" if kind == "NetworkPolicy" else "selector")
    if kind == "Service":
        selector = {"matchLabels": selector}
    pods = [o["spec"]["template"] for o in objects if "template" in o.get("spec", {})]
    if not any(_match(selector, pod.get("metadata", {}).get("labels", {})) for pod in pods):
        yield "selects no pod of this release"


def _match(selector: Object | None, labels: Object) -> bool:
    wanted = (selector or {}).get("matchLabels") or {}
    return bool(wanted.items() <= labels.items())


def _resources(container: Object, kind: str) -> Object:
    return container.get("resources", {}).get(kind) or {}
