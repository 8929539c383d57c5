"""Grade an answer by running it: ``python production_ml_infrastructure.py ID answer.py``.

It says nothing if the answer is right. Each check builds the case in which the quick answer goes
wrong. Needs pyyaml; the first request also torch, numpy and safetensors.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import pickle
import re
import sqlite3
import struct
import sys
import tempfile
import zipfile
from contextlib import closing
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any


class Evil:
    def __reduce__(self) -> Any:
        return print, ("loaded",)


MEMO = b"\x80\x04\x8c\x02os\x940\x8c\x06system\x940h\x00h\x01\x93\x8c\x02id\x85R."
INST = b"\x80\x02(S'id'\nios\nsystem\n."
READ = b"\x80\x04\x8c\x09pandas.io\x8c\x08read_csv\x93\x8c\x06http:/\x85R."


def intake(answer: ModuleType) -> None:
    import numpy as np
    import torch
    from safetensors.numpy import save_file

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        good = [folder / name for name in ("a.pt", "b.safetensors", "c.npy")]
        torch.save(torch.nn.Linear(3, 2).state_dict(), good[0])
        save_file({"w": np.ones((2, 3), "float32")}, good[1])
        np.save(good[2], np.arange(4.0))
        for path in good:
            assert answer.safe(path), f"{path.name} is refused"
        bad = {
            "evil.pkl": pickle.dumps(Evil(), 4),
            "old.pkl": pickle.dumps(Evil(), 0),
            "inst.pkl": INST,
            "memo.pkl": MEMO,
            "unlisted.pkl": READ,
            "broken.pkl": pickle.dumps(Evil(), 4)[:-1] + b"\xff",
            "two.pkl": pickle.dumps({}, 4) + pickle.dumps(Evil(), 4),
            "renamed.safetensors": pickle.dumps(Evil(), 4),
            "long.safetensors": struct.pack("<Q", 2**60) + b"{}",
        }
        for name, data in bad.items():
            (folder / name).write_bytes(data)
        with zipfile.ZipFile(folder / "evil.pt", "w") as archive:
            archive.writestr("m/data.pkl", pickle.dumps(Evil(), 2))
        np.save(folder / "objects.npy", np.array([Evil()], dtype=object), allow_pickle=True)
        torch.save(torch.nn.Linear(3, 2), folder / "whole.pt")
        for name in (*bad, "evil.pt", "objects.npy", "whole.pt"):
            try:
                accepted = answer.safe(folder / name)
            except Exception:
                accepted = False
            assert not accepted, f"{name} is accepted"


SOUND: list[dict[str, Any]] = [
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "scorer"},
        "spec": {
            "selector": {"matchLabels": {"app": "scorer"}},
            "template": {
                "metadata": {"labels": {"app": "scorer", "team": "ml"}},
                "spec": {
                    "containers": [
                        {
                            "name": "scorer",
                            "image": "example.com/scorer@sha256:" + "0" * 64,
                            "ports": [{"name": "http", "containerPort": 8000}],
                            "startupProbe": {
                                "httpGet": {"path": "/readyz", "port": "http"},
                                "failureThreshold": 30,
                            },
                            "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8000}},
                            "livenessProbe": {"httpGet": {"path": "/livez", "port": "http"}},
                            "resources": {"limits": {"memory": "4Gi"}},
                        }
                    ]
                },
            },
        },
    },
    {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "scorer"},
        "spec": {
            "minReplicas": 1,
            "maxReplicas": 4,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "scorer"},
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "scorer"},
        "spec": {"selector": {"app": "scorer"}, "ports": [{"port": 80, "targetPort": "http"}]},
    },
]


def manifests(answer: ModuleType) -> None:
    box = (0, "spec", "template", "spec", "containers", 0)
    changes: list[tuple[Any, ...]] = [
        (0, "spec", "selector", "matchLabels", {"app": "score"}),
        (2, "spec", "selector", {"app": "score"}),
        (*box, "readinessProbe", "httpGet", "port", 8080),
        (*box, "livenessProbe", "httpGet", "port", "web"),
        (1, "spec", "minReplicas", 5),
        (*box, "startupProbe", "failureThreshold", 6),
        (*box, "startupProbe", None),
    ]
    assert list(answer.problems(copy.deepcopy(SOUND))) == []
    for *path, last, value in changes:
        broken: Any = copy.deepcopy(SOUND)
        node = broken
        for step in path:
            node = node[step]
        node[last] = value
        if value is None:
            del node[last]
        assert list(answer.problems(broken)), f"not seen: {last} = {value}"


def retries(answer: ModuleType) -> None:
    storm = answer.Retries()
    sent = 0
    for _ in range(1000):  # an outage: every try fails
        storm.called()
        sent += 1
        tries = 0
        while tries < 10 and storm.may_retry():
            tries += 1
            sent += 1
    assert sent <= 1350, f"{sent} tries for 1000 requests that all fail"
    calm = answer.Retries()
    granted = 0
    for number in range(1, 1001):  # one failure in a hundred
        calm.called()
        if number % 100 == 0:
            granted += calm.may_retry()
    assert granted >= 8, f"{granted} of 10 rare failures are retried"


def cache(answer: ModuleType) -> None:
    calls: list[str] = []

    def model(name: str, fails: bool = False) -> Any:
        async def compute() -> str:
            calls.append(name)
            await asyncio.sleep(0.01)
            if fails:
                raise ConnectionError(name)
            return name

        return compute

    async def main() -> None:
        kept = answer.Cache()
        row = {"age": 30, "income": 2.5}
        asked = [kept.get("one", row, model("one")) for _ in range(50)]
        assert set(await asyncio.gather(*asked)) == {"one"}
        assert len(calls) == 1, f"{len(calls)} computations for one row asked at once"
        turned = dict(reversed(row.items()))
        assert await kept.get("one", turned, model("one")) == "one"
        assert len(calls) == 1, "nothing is kept, or the order of names matters"
        assert await kept.get("two", row, model("two")) == "two", "another model's answer"
        assert await kept.get("one", {**row, "age": 31}, model("other")) == "other"
        both = [kept.get("new", row, model("new", fails=True)) for _ in range(2)]
        for error in await asyncio.gather(*both, return_exceptions=True):
            assert isinstance(error, ConnectionError), error
        assert await kept.get("new", row, model("new")) == "new", "the error is kept"

    asyncio.run(asyncio.wait_for(main(), 20))


def checkpoint(answer: ModuleType) -> None:
    for save, between in ((3, 4), (0.2, 24), (10, 40)):
        best = (2 * save * between * 60) ** 0.5
        given = float(answer.minutes(save, between))
        assert 0.6 * best <= given <= 1.6 * best, (
            f"{given:.0f} min, the least loss is at {best:.0f}"
        )


def backup(answer: ModuleType) -> None:
    with tempfile.TemporaryDirectory() as place:
        path, target = Path(place) / "registry.db", Path(place) / "backup.db"
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE model (name TEXT)")
        for number in range(30):
            with db:
                db.execute("INSERT INTO model VALUES (?)", (f"m{number}",))
            if number == 19:
                db.execute("PRAGMA wal_checkpoint")
        answer.backup(str(path), str(target))
        with closing(sqlite3.connect(target)) as copy:
            count = copy.execute("SELECT count(*) FROM model").fetchone()[0]
        db.close()
        assert count == 30, f"{count} of 30 models are in the backup"


def audit(answer: ModuleType) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "v2").mkdir()
        files = {"a.bin": b"a", "v2/b.bin": b"b", "v2/c.bin": b"c", "d.bin": b"d"}
        for name, data in files.items():
            (folder / name).write_bytes(data)
        rows = [(name, hashlib.sha256(data).hexdigest()) for name, data in files.items()][:3]
        rows.append(("gone.bin", "0" * 64))
        (folder / "v2/b.bin").write_bytes(b"B")
        missing, damaged, orphans = answer.audit(rows, str(folder))
        assert sorted(missing) == ["gone.bin"], missing
        assert sorted(damaged) == ["v2/b.bin"], damaged
        assert sorted(orphans) == ["d.bin"], orphans


def documents(text: str) -> list[Any]:
    import yaml

    return [document for document in yaml.safe_load_all(text) if document]


def scaling(answer: ModuleType) -> None:
    (scaler,) = (d for d in documents(answer.manifest()) if d["kind"] == "HorizontalPodAutoscaler")
    assert scaler["apiVersion"] == "autoscaling/v2", scaler["apiVersion"]
    spec = scaler["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 10)
    assert spec["scaleTargetRef"]["name"] == "scorer"
    assert spec["scaleTargetRef"]["apiVersion"] == "apps/v1"
    kinds = [metric["type"] for metric in spec["metrics"]]
    assert "Resource" not in kinds, "still looks at the CPU, too"
    (metric,) = (m["pods"] for m in spec["metrics"] if m["type"] == "Pods")
    assert metric["metric"]["name"] == "rows_waiting"
    assert metric["target"]["type"] == "AverageValue"


def image(answer: ModuleType) -> None:
    text = re.sub(r"\\\n", " ", answer.dockerfile())
    lines = [line.strip() for line in text.splitlines() if not line.strip().startswith("#")]
    for line in lines:
        word = line.split(" ")[0].upper()
        if word in ("ARG", "ENV", "COPY", "ADD"):
            names = re.search(r"(?i)token|secret|passw|netrc|pip\.conf", line)
            assert not names, f"stays in the image: {line}"
    assert any("--mount=type=secret" in line for line in lines), "how does the token come in?"
    users = [line.split()[1] for line in lines if line.upper().startswith("USER ")]
    assert users, "runs as root"
    assert users[-1].split(":")[0] not in ("root", "0"), "runs as root"
    bases = [line for line in lines if line.upper().startswith("FROM ")]
    stages = {line.split()[-1] for line in bases if re.search(r"(?i) as ", line)}
    for base in bases:
        name = base.split()[1]
        assert "@sha256:" in name or name in stages or name.startswith("$"), f"not pinned: {name}"


def quarantine(answer: ModuleType) -> None:
    given = documents(answer.manifest())
    (job,) = (d for d in given if d["kind"] == "Job")
    assert (job["metadata"]["name"], job["metadata"]["namespace"]) == ("convert", "quarantine")
    pod = job["spec"]["template"]["spec"]
    labels = job["spec"]["template"]["metadata"].get("labels", {})
    assert pod.get("automountServiceAccountToken") is False, "holds a token of the cluster"
    assert "activeDeadlineSeconds" in {**job["spec"], **pod}, "may run for ever"
    assert job["spec"].get("backoffLimit", 6) <= 1, "is tried six times"
    for container in pod["containers"]:
        rights = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
        assert rights.get("runAsNonRoot") is True, "may be root"
        assert rights.get("allowPrivilegeEscalation") is False
        assert rights.get("readOnlyRootFilesystem") is True
        assert "memory" in container.get("resources", {}).get("limits", {}), "no memory limit"
    closed = False
    for policy in (d["spec"] for d in given if d["kind"] == "NetworkPolicy"):
        wanted = (policy.get("podSelector") or {}).get("matchLabels") or {}
        covers = wanted.items() <= labels.items() and "Egress" in policy.get("policyTypes", [])
        closed = closed or (covers and not policy.get("egress"))
    assert closed, "the network is open"


CHECKS = {
    "intake": intake,
    "manifests": manifests,
    "retries": retries,
    "cache": cache,
    "checkpoint": checkpoint,
    "backup": backup,
    "audit": audit,
    "scaling": scaling,
    "image": image,
    "quarantine": quarantine,
}


def load(path: str) -> ModuleType:
    """The answer as a module; its folder is on the path, so that it may bring pieces."""
    sys.path.insert(0, str(Path(path).parent))
    spec = spec_from_file_location("answer", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    CHECKS[sys.argv[1]](load(sys.argv[2]))
