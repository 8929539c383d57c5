"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import hashlib
import pickletools
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[3]
MODULE = (ROOT / "sub-skills" / "production-ml-infrastructure.md").read_text()


def block(language, holding):
    """The module's block in `language` that holds a text: what an agent would copy."""
    blocks = [part.split("```")[0] for part in MODULE.split(f"```{language}\n")[1:]]
    (found,) = (text for text in blocks if holding in text)
    return found


def safe(path):
    from model_intake import faults

    return not faults(path)


def safe_quick(path):
    """A deny-list over the pickle's strings."""
    data = Path(path).read_bytes()
    if not data.startswith(b"\x80"):
        return True
    try:
        names = [str(argument) for _, argument, _ in pickletools.genops(data)]
    except Exception:
        return False
    return not any(bad in name for name in names for bad in ("os", "subprocess", "builtins"))


def problems(documents):
    from manifest_faults import faults

    return faults(documents, load_seconds=90)


def problems_quick(documents):
    return [
        d["kind"] for d in documents if not {"apiVersion", "kind", "metadata", "spec"} <= set(d)
    ]


class Budget:
    def __init__(self):
        from guarded_call import Guard

        self.guard = Guard()

    def called(self):
        self.guard.admit()

    def may_retry(self):
        return self.guard.admit(again=True)


class Thrice:
    def called(self):
        self.left = 3

    def may_retry(self):
        self.left -= 1
        return self.left >= 0


class Kept:
    def __init__(self):
        from prediction_cache import Cache

        self.get = Cache().get


class Plain:
    def __init__(self):
        self.kept = {}

    async def get(self, model, row, compute):
        key = str(sorted(row.items()))
        if key not in self.kept:
            self.kept[key] = await compute()
        return self.kept[key]


def backup(database, target):
    with closing(sqlite3.connect(database)) as db, closing(sqlite3.connect(target)) as other:
        db.backup(other)


def audit(rows, folder):
    root, wanted = Path(folder), dict(rows)
    there = {str(p.relative_to(root)): p for p in root.rglob("*") if p.is_file()}
    sums = {name: hashlib.sha256(p.read_bytes()).hexdigest() for name, p in there.items()}
    damaged = [name for name in wanted if name in sums and sums[name] != wanted[name]]
    return sorted(wanted.keys() - sums.keys()), damaged, sorted(sums.keys() - wanted.keys())


def audit_quick(rows, folder):
    there = {path.name for path in Path(folder).iterdir()}
    wanted = {name for name, _ in rows}
    return sorted(wanted - there), [], sorted(there - wanted)


def scaling():
    text = block("yaml", "HorizontalPodAutoscaler")
    return text.replace("ranker", "scorer").replace("maxReplicas: 12", "maxReplicas: 10")


def scaling_quick():
    return """apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: scorer}
spec:
  minReplicas: 2
  maxReplicas: 10
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: scorer}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 10}}
"""


def image():
    return block("dockerfile", "FROM")


def image_quick():
    return """FROM python:3.13-slim
ARG INDEX_TOKEN
COPY . .
RUN pip install -r requirements.lock --index-url https://x:$INDEX_TOKEN@index.example.com
CMD ["uvicorn", "app:app"]
"""


def quarantine():
    text = (ROOT / "resources" / "pieces" / "quarantine_job.yml").read_text()
    return text.replace("convert-foreign-model", "convert")


def quarantine_quick():
    return yaml.safe_dump(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "convert", "namespace": "quarantine"},
            "spec": {"template": {"metadata": {}, "spec": {"containers": [{"name": "convert"}]}}},
        }
    )


RIGHT = {
    "intake": {"safe": safe},
    "manifests": {"problems": problems},
    "retries": {"Retries": Budget},
    "cache": {"Cache": Kept},
    "checkpoint": {"minutes": lambda save, hours: (2 * save * hours * 60) ** 0.5},
    "backup": {"backup": backup},
    "audit": {"audit": audit},
    "scaling": {"manifest": scaling},
    "image": {"dockerfile": image},
    "quarantine": {"manifest": quarantine},
}
QUICK = {
    "intake": {"safe": safe_quick},
    "manifests": {"problems": problems_quick},
    "retries": {"Retries": Thrice},
    "cache": {"Cache": Plain},
    "checkpoint": {"minutes": lambda save, hours: 60},
    "backup": {"backup": shutil.copy},
    "audit": {"audit": audit_quick},
    "scaling": {"manifest": scaling_quick},
    "image": {"dockerfile": image_quick},
    "quarantine": {"manifest": quarantine_quick},
}
NEEDS = {"intake": ("torch", "numpy", "safetensors")}
