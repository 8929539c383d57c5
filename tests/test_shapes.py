"""Kubernetes objects and GitHub workflows, held against the shapes that their makers publish."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlskill.checkers import objects, shapes
from mlskill.checkers.objects import broken_manifest, broken_workflow
from mlskill.checkers.shapes import Shapes, table

POD = "apiVersion: v1\nkind: Pod\nspec:\n"
CONTAINER = f"{POD}  containers:\n  - name: a\n    image: b\n"
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\n"
JOB = "on: push\njobs:\n  a:\n    runs-on: x\n"

# What is wrong is marked: ⟦the place⟧.
WRONG = {
    "misspelt key": (
        f"{CONTAINER}    livenessProbe:\n      ⟦failureTreshold⟧: 3\n",
        "failureTreshold is no key of livenessProbe; did you mean failureThreshold?",
    ),
    "key in another case": (
        f"{CONTAINER}    ⟦image_pull_policy⟧: Always\n",
        "image_pull_policy is no key of a Container; did you mean imagePullPolicy?",
    ),
    "unknown key": (f"{DEPLOYMENT}⟦image⟧: a\n", "image is no key of a Deployment"),
    "what is meant is there": (f"{POD}  volumes: []\n  ⟦volume⟧: a\n", "volume is no key of spec"),
    "number in quotes": (
        f'{DEPLOYMENT}spec:\n  replicas: ⟦"2"⟧\n',
        "replicas must be a whole number: write 2",
    ),
    "number with a unit": (
        f"{CONTAINER}    livenessProbe:\n      periodSeconds: ⟦30s⟧\n",
        "periodSeconds must be a whole number, not a text",
    ),
    "number for a text": (
        f"{CONTAINER}    env:\n    - name: P\n      value: ⟦8080⟧\n",
        'value must be a text: write "8080"',
    ),
    "yes for a text": (
        "apiVersion: v1\nkind: ConfigMap\ndata: {debug: ⟦yes⟧}\n",
        'debug must be a text: write "yes"',
    ),
    "label that is a number": (
        f"{DEPLOYMENT}metadata:\n  labels:\n    version: ⟦1.0⟧\n",
        'version must be a text: write "1.0"',
    ),
    "number in a list": (
        f'{CONTAINER}    args: ["--port", ⟦8080⟧]\n',
        'an item of args must be a text: write "8080"',
    ),
    "text for a list": (
        f"{CONTAINER}    command: ⟦python serve.py⟧\n",
        "command must be a list, not a text",
    ),
    "mapping for a list": (
        f"{POD}  tolerations: ⟦{{key: a, value: b}}⟧\n",
        "tolerations must be a list, not a mapping",
    ),
    "list for a mapping": (
        f"{CONTAINER}    resources:\n    ⟦- limits⟧: {{cpu: 1}}\n",
        "resources must be a mapping, not a list",
    ),
    "bytes": (
        f"{CONTAINER}    resources: {{limits: {{memory: ⟦4GB⟧}}}}\n",
        "4GB is no quantity; did you mean 4G?",
    ),
    "version without a kind": (
        "apiVersion: ⟦extensions/v1beta1⟧\nkind: Ingress\n",
        "extensions/v1beta1 has no Ingress; write networking.k8s.io/v1",
    ),
    "newest of several": (
        "apiVersion: ⟦autoscaling/v2beta2⟧\nkind: HorizontalPodAutoscaler\n",
        "autoscaling/v2beta2 has no HorizontalPodAutoscaler; write autoscaling/v2",
    ),
    "misspelt kind": (
        "apiVersion: apps/v1\nkind: ⟦Deploymnt⟧\n",
        "Deploymnt is no kind of apps/v1; did you mean Deployment?",
    ),
    "object in a list": (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  ⟦spc⟧: {}\n",
        "spc is no key of a Pod; did you mean spec?",
    ),
    "second document": (
        f"a: 1\n---\n{POD}  ⟦hostNetwrk⟧: true\n",
        "hostNetwrk is no key of spec; did you mean hostNetwork?",
    ),
    "no selector": (
        "apiVersion: apps/v1\nkind: ⟦Deployment⟧\nspec:\n  template:\n    spec:\n"
        "      containers: [{image: a, args: [b]}]\n",
        "a Deployment needs spec.selector, with its pods' labels",
    ),
    "too few": (
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec:\n"
        "  minReplicas: ⟦5⟧\n  maxReplicas: 2\n",
        "minReplicas 5 is more than maxReplicas 2",
    ),
    "step": (f"{JOB}    ⟦step⟧: []\n", "step is no key of a job; did you mean steps?"),
    "event": (
        "on: ⟦pull-requests⟧\njobs: {a: {runs-on: x}}\n",
        "pull-requests is no on; did you mean pull_request?",
    ),
    "event's key": (
        "on:\n  push:\n    ⟦branch⟧: a\njobs: {a: {}}\n",
        "branch is no key of push; did you mean branches?",
    ),
    "word": (
        f"{JOB}    permissions: {{contents: ⟦wirte⟧}}\n",
        "wirte is no contents; did you mean write?",
    ),
    "other word": (
        f"{JOB}    permissions: {{contents: ⟦admin⟧}}\n",
        "admin is no contents; it is read or write or none",
    ),
    "two steps in one": (
        f"{JOB}    steps:\n    - uses: a\n      ⟦run⟧: b\n",
        "run does not go with uses",
    ),
    "minutes in quotes": (
        f'{JOB}    timeout-minutes: ⟦"30"⟧\n',
        "timeout-minutes must be a number: write 30",
    ),
    "list as an input": (
        f"{JOB}    steps:\n    - uses: a\n      with: {{path: ⟦[a, b]⟧}}\n",
        "path must be a text, not a list",
    ),
    "matrix of one": (f"{JOB}    strategy: {{matrix: {{os: ⟦a⟧}}}}\n", "os must be a list"),
    "needs": (f"{JOB}  b:\n    needs: [a, ⟦c⟧]\n", "needs the job c, which this workflow"),
}


def faults(text: str) -> list[tuple[int, int, int, str]]:
    """Line, column, width and message of each fault."""
    found = [*broken_manifest(text), *broken_workflow(text)]
    return sorted((each.line, each.column, each.width, each.message) for each in found)


@pytest.mark.parametrize("name", WRONG)
def test_what_the_maker_refuses(name: str) -> None:
    marked, message = WRONG[name]
    before, _, rest = marked.partition("⟦")
    within = rest.partition("⟧")[0]
    [(line, column, width, said)] = faults(re.sub("[⟦⟧]", "", marked))
    assert (line, column) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    assert said.startswith(message)
    assert width in (len(within), 0)  # 0: it goes on below


# What a writer leaves to the reader, changes of an object, and what belongs to other systems.
RIGHT = {
    "placeholders": f"{DEPLOYMENT}spec:\n  replicas: <count>\n  template: ${{TEMPLATE}}\n",
    "names of placeholders": f"{DEPLOYMENT}spec: {{replicas: REPLICAS, paused: your-choice}}\n",
    "templates": f"{DEPLOYMENT}spec:\n  replicas: {{{{ .Values.replicas }}}}\n  selector: {{x}}\n",
    "template in quotes": f'{DEPLOYMENT}spec:\n  replicas: "{{{{ replicas }}}}"\n',
    "in brackets": f"{CONTAINER}    workingDir: [folder]\n    ports: [{{containerPort: [a]}}]\n",
    "left out": f"{DEPLOYMENT}spec: {{selector: {{...}}}}\nmetadata: {{name: a, ...}}\n",
    "left out of a list": f"{POD}  containers: [...]\n  volumes:\n  - ...\n",
    "nothing yet": f"{DEPLOYMENT}metadata:\nspec:\n  template:\n",
    "prose": f"{DEPLOYMENT}spec:\n  template: as above\n  replicas: 2-5\n",
    "key to fill in": f"{DEPLOYMENT}metadata: {{<key>: a, '$patch': delete}}\n",
    "patch": f"{DEPLOYMENT}spec:\n  template:\n    spec:\n      containers:\n      - name: a\n"
    "        image: b:2\n",
    "date as a text": "apiVersion: v1\nkind: ConfigMap\ndata: {since: 2026-01-01, at: 12:30}\n",
    "quantities": f"{CONTAINER}    resources: {{limits: {{cpu: 0.5, memory: 1.5Gi, a: 1e3}}}}\n",
    "number or name": f"{CONTAINER}    livenessProbe: {{httpGet: {{port: http}}}}\n",
    "merged": f"x: &x {{image: b}}\n---\n{POD}  containers:\n  - &a {{name: a}}\n  - <<: *a\n",
    "custom kind": "apiVersion: serving.knative.dev/v1\nkind: Service\nspecs: 1\n",
    "extension of a group": "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nspecs: 1\n",
    "kubectl's own": "apiVersion: v1\nkind: Config\nclusters: []\n",
    "version to fill in": "apiVersion: apps/<version>\nkind: Deployment\n---\napiVersion: apps/vX\n"
    "kind: Deployment\n",
    "no version": "kind: Deployment\nmetadata: {}\n# apiVersion\n",
    "schema in an object": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
    "spec: {versions: [{schema: {openAPIV3Schema: {properties: {a: {$ref: b, default: 1}}}}}]}\n",
    "expressions": f"{JOB}    timeout-minutes: ${{{{ inputs.a }}}}\n    strategy:\n"
    "      matrix: ${{ fromJSON(needs.b.outputs.c) }}\n",
    "numbers for texts": f"{JOB}    env: {{A: 1, B: true, C: }}\n    steps:\n"
    "    - uses: a\n      with: {python-version: 3.12}\n",
    "alternatives": f"{JOB}    permissions: {{contents: read|write, issues: read or write}}\n",
    "reusable": "on:\n  workflow_call:\n    inputs: {a: {type: string, required: true}}\n"
    "jobs:\n  a:\n    uses: ./.github/workflows/b.yml\n    secrets: inherit\n",
    "events": "on: [push, repository_dispatch]\njobs: {a: {}}\n",
    "Azure's": "name: a\ntrigger: [main]\njobs:\n- job: a\n  step: 1\n",
    "CircleCI's": "version: 2.1\non: x\njobs: {a: {step: []}}\n",
    "another's jobs": "name: a\njobs:\n  nightly: {step: 1, every: day}\n",
    "no document": "apiVersion: [\nkind: jobs:",
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_open_or_right(name: str) -> None:
    assert faults(RIGHT[name]) == []


@pytest.mark.parametrize("text", ["a: 1\n", "kind: x\n", "jobs: [1]\n", RIGHT["Azure's"]])
def test_nothing_is_read_for_what_is_no_object(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "table", pytest.fail)
    assert faults(text) == []


def test_all_faults_of_an_object_are_told() -> None:
    assert len(faults(f"{CONTAINER}    a: 1\n    b: 2\n  c: 3\n")) == 3


def test_a_bomb_of_aliases_is_looked_at_once() -> None:
    bomb = ["  - &a0 []"]
    bomb += [f"  - &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    text = "\n".join([f"{POD}  containers: [[]]", "  volumes:", *bomb])
    assert {message for *_, message in faults(text)} == {
        "a Container must be a mapping, not a list",
        "a Volume must be a mapping, not a list",
    }
    itself = f"{POD}  containers: &a\n  - name: b\n    env: *a\n    volumeMounts: *a\n"
    assert faults(itself)


def test_what_is_below_itself_or_deep_ends() -> None:
    end = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  versions:\n"
    )
    schema = "  - schema:\n      openAPIV3Schema: &a\n        not: *a\n        tipe: b\n"
    assert [message for *_, message in faults(end + schema)] == [
        "tipe is no key of openAPIV3Schema; did you mean type?"
    ]
    deep = "{not: " * 150 + "{tipe: b}" + "}" * 150
    assert len(faults(f"{end}  - schema: {{openAPIV3Schema: {deep}}}\n")) == 1


HOSTILE = {
    "objects that are aliases": "apiVersion: v1\nkind: List\nx: &e {}\nitems: [&p {apiVersion: v1,"
    f" kind: Pod, spec: {{containers: &l [{'*e, ' * 9_000}], volumes: *l}}}}, {'*p, ' * 9_000}]\n",
    "digits": f"{POD}  overhead: {{a: {'1' * 150_000}x}}\n",
    "spaces": f"{POD}  priority: 1{' ' * 150_000}x\n",
    "a number that Python refuses": "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
    f"spec: {{minReplicas: {'9' * 9_000}, maxReplicas: 1}}\n",
    "a digit that is none": "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
    "spec: {minReplicas: ², maxReplicas: 1}\n",
    "a list in itself": "apiVersion: v1\nkind: List\nitems: &a [*a]\n",
    "a job in itself": "on: x\nname: a\njobs: &j {a: *j}\n",
    "keys without end": POD + "".join(f"  k{n}: 1\n" for n in range(20_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_objects_are_judged_in_time(name: str) -> None:
    """Without a bound each of the first three takes minutes."""
    judges = (broken_manifest, broken_workflow)
    assert sum(len([*islice(judge(HOSTILE[name]), 20)]) for judge in judges) <= 20


def test_so_many_nodes_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_NODES", 10)
    text = "apiVersion: v1\nkind: ConfigMap\ndata:\n" + "".join(f"  k{n}: {n}\n" for n in range(50))
    assert 0 < len(faults(text)) < 10


@st.composite
def values_below(draw: st.DrawFn) -> Any:
    """Values below keys that objects have, of any kind."""
    keys = st.sampled_from(
        [
            "metadata",
            "spec",
            "template",
            "containers",
            "env",
            "name",
            "value",
            "on",
            "jobs",
            "a",
            "steps",
            "run",
            "uses",
            "matrix",
            "strategy",
            "<x>",
            "<<",
            "*",
            "=a",
            "[a]",
            "{a}",
        ]
    )
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.dates(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    )
    head = draw(st.sampled_from([{"apiVersion": "v1", "kind": "Pod"}, {"on": "push", "name": "a"}]))
    return {**head, **draw(st.dictionaries(keys, values, max_size=4))}


@given(values_below())
def test_a_fault_lies_in_the_text(value: Any) -> None:
    text = yaml.safe_dump(value)
    lines = text.split("\n")
    for line, column, width, message in faults(text):
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1
        assert 0 <= width <= len(lines[line - 1])
        assert message


@pytest.mark.parametrize("name", ["kubernetes", "workflow"])
def test_every_shape_is_known(name: str) -> None:
    types = table(name)["types"]
    known = {"any", *shapes._PLAIN, *types}
    for each in types.values():
        for shape in each.values() if isinstance(each, dict) else [each]:
            for option in shape.split("|"):
                assert option.strip("[]{}").startswith("=") or option.strip("[]{}") in known


def test_kubernetes_is_what_its_schemas_say() -> None:
    found = find_spec("kubernetes_validate")
    if found is None:
        pytest.skip("kubernetes-validate is not installed")
    [folder] = found.submodule_search_locations or [""]
    schemas = Path(folder, "kubernetes-json-schema/v1.37.0-local-strict")
    if not schemas.exists():
        pytest.skip("kubernetes-validate has other releases")
    own = table("kubernetes")
    definitions = json.loads((schemas / "_definitions.json").read_text("utf-8"))["$defs"]
    for name, schema in definitions.items():
        known = own["types"][".".join(name.rsplit(".", 3)[1:])]
        assert isinstance(known, str) or schema.get("properties", {}).keys() <= known.keys()
    assert own["kinds"]["apps/v1"].keys() >= {"Deployment", "StatefulSet", "DaemonSet"}


def test_shapes_need_no_type() -> None:
    node = yaml.compose("a: [1, {b: c}]")
    assert [*Shapes({}).faults(node, "any", "it")] == []
    assert [str(each) for each in Shapes({}).faults(node, "[any]", "it")] == [
        "it must be a list, not a mapping"
    ]
