"""A sound release, then one fault at a time; the schema accepts each of them."""

from __future__ import annotations

import copy

import pytest

yaml = pytest.importorskip("yaml")
from manifest_faults import faults  # noqa: E402

DIGEST = "sha256:" + "0" * 64
TEXT = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: scorer}}
spec:
  strategy: {{rollingUpdate: {{maxSurge: 1, maxUnavailable: 0}}}}
  selector: {{matchLabels: {{app: scorer}}}}
  template:
    metadata: {{labels: {{app: scorer, tier: gpu}}}}
    spec:
      tolerations: [{{key: nvidia.com/gpu, operator: Exists}}]
      volumes: [{{name: weights, emptyDir: {{sizeLimit: 20Gi}}}}]
      containers:
        - name: scorer
          image: registry.example.com/scorer@{DIGEST}
          ports: [{{name: http, containerPort: 8000}}]
          env: [{{name: API_TOKEN, valueFrom: {{secretKeyRef: {{name: scorer, key: token}}}}}}]
          resources:
            requests: {{cpu: 2, memory: 8Gi}}
            limits: {{memory: 8Gi, nvidia.com/gpu: 1}}
          volumeMounts: [{{name: weights, mountPath: /weights}}]
          startupProbe: {{httpGet: {{path: /readyz, port: http}}, failureThreshold: 15}}
          readinessProbe: {{httpGet: {{path: /readyz, port: 8000}}}}
          livenessProbe: {{httpGet: {{path: /livez, port: http}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: scorer}}
spec:
  minReplicas: 2
  maxReplicas: 8
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: scorer}}
  metrics:
    - type: Pods
      pods: {{metric: {{name: rows_waiting}}, target: {{type: AverageValue, averageValue: 8}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: scorer}}
spec:
  selector: {{app: scorer}}
  ports: [{{port: 80, targetPort: http}}]
---
apiVersion: batch/v1
kind: Job
metadata: {{name: train}}
spec:
  activeDeadlineSeconds: 3600
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: train
          image: registry.example.com/train@{DIGEST}
          resources: {{limits: {{memory: 8Gi}}}}
"""
GOOD = list(yaml.safe_load_all(TEXT))
POD = (0, "spec", "template", "spec")
BOX = (*POD, "containers", 0)
CPU = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}


def changed(*path):
    """The release with the last of `path` at the place that the rest names."""
    release = copy.deepcopy(GOOD)
    node = release
    for step in path[:-2]:
        node = node[step]
    if path[-1] is None:
        del node[path[-2]]
    else:
        node[path[-2]] = path[-1]
    return release


def test_a_sound_release_has_no_faults():
    assert faults(GOOD) == []
    assert faults([*GOOD, None]) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ((0, "spec", "selector", "matchLabels", "app", "score"), "selects {'app': 'score'}"),
        ((*BOX, "startupProbe", "httpGet", "port", "htpp"), "asks port htpp"),
        ((*BOX, "livenessProbe", "httpGet", "port", 80), "asks port 80"),
        ((*BOX, "livenessProbe", {"tcpSocket": {"port": 80}}), "liveness probe asks port 80"),
        ((*BOX, "startupProbe", None), "killed after 20 s"),
        ((*BOX, "startupProbe", "failureThreshold", 3), "killed after 20 s"),
        ((*BOX, "readinessProbe", None), "no readiness probe"),
        ((*BOX, "livenessProbe", "httpGet", "path", "/readyz"), "only busy is killed"),
        ((*BOX, "image", "scorer:latest"), "not pinned"),
        ((*BOX, "resources", "limits", "memory", None), "no memory limit"),
        ((*BOX, "resources", "requests", "memory", "1Gi"), "request and limit differ"),
        ((*BOX, "resources", "requests", "nvidia.com/gpu", 2), "not limited alike"),
        ((*BOX, "resources", "limits", "nvidia.com/gpu", "0.5"), "no fractions"),
        ((*BOX, "resources", "claims", [{"name": "gpu"}]), "no resourceClaims entry"),
        ((*BOX, "env", [{"name": "HF_TOKEN", "value": "x"}]), "HF_TOKEN stands in the manifest"),
        ((*POD, "volumes", 0, "emptyDir", {}), "can fill the node"),
        ((*POD, "volumes", 0, "emptyDir", {"medium": "Memory"}), "counts as memory"),
        ((*POD, "tolerations", []), "waits for ever"),
        ((0, "spec", "strategy", None), "25 % more GPUs"),
        ((0, "spec", "replicas", 3), "each deploy undoes"),
        ((0, "spec", "replicas", 3), "no PodDisruptionBudget"),
        ((1, "spec", "minReplicas", 9), "at least 9 and at most 8"),
        ((1, "spec", "scaleTargetRef", "name", "score"), "which is not here"),
        ((1, "spec", "metrics", [{"type": "Resource", "resource": CPU}]), "by cpu"),
        ((2, "spec", "selector", "app", "scorer2"), "selects no pod"),
        ((3, "spec", "activeDeadlineSeconds", None), "a job that hangs"),
    ],
)
def test_each_fault_is_named(path, said):
    assert any(said in fault for fault in faults(changed(*path))), faults(changed(*path))


def test_probes_of_a_stateful_set_are_looked_at():
    release = changed(0, "kind", "StatefulSet")
    del release[1]  # it scales the Deployment
    assert faults(release) == []
    del release[0]["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    assert faults(release) == [
        "StatefulSet/scorer: scorer: no readiness probe: traffic comes before the model"
    ]


def test_the_last_failure_comes_one_period_earlier():
    """Probes at 0, 10, ... 140: the fifteenth failure kills."""
    assert faults(GOOD, load_seconds=140) == []
    assert "killed after 140 s, loading takes 145" in faults(GOOD, load_seconds=145)[0]


def test_a_startup_probe_kills_without_a_liveness_probe():
    assert faults(changed(*BOX, "livenessProbe", None)) == []
    assert "killed after" in faults(changed(*BOX, "livenessProbe", None), load_seconds=200)[0]


def test_a_slow_model_needs_a_longer_start():
    assert faults(GOOD, load_seconds=100) == []
    assert "loading takes 600" in faults(GOOD, load_seconds=600)[0]
