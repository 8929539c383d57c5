"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import os
import subprocess

import pytest

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")


def alarm(days):
    from drift_monitor import drift

    return drift(days, lags=(7, 14, 21, 28), level=0.02).alarm


def alarm_quick(days):
    old = {name: np.concatenate([day[name] for day in days[:60]]) for name in days[0]}
    names = [name for name in old if old[name].dtype.kind == "f" and len(days[-1][name])]
    p = [stats.ks_2samp(days[-1][name], old[name], nan_policy="omit").pvalue for name in names]
    return min(p) < 0.05 / len(names)


def promote(old, new, segment):
    from promotion_gate import decide

    return decide(old, new, {"segment": segment}, allow=0.02).verdict == "promote"


def move(name, version):
    from model_alias import promote, serving

    promote(name, version, serving(name), str)


def back(name):
    from model_alias import rollback

    rollback(name)


def move_quick(name, version):
    import mlflow

    client = mlflow.MlflowClient()
    old = client.get_registered_model(name).aliases.get("champion")
    if old:
        client.set_registered_model_alias(name, "previous", old)
    client.set_registered_model_alias(name, "champion", version)


def back_quick(name):
    import mlflow

    move_quick(name, mlflow.MlflowClient().get_registered_model(name).aliases["previous"])


def late(p, outcome, day, now):
    from ripe_labels import observed_over_expected

    return observed_over_expected(p, outcome, day, now, 60, unknown=0).under(1.15)


def late_quick(p, outcome, day, now):
    recent = day >= now - 30
    return np.nansum(outcome[recent]) > 1.15 * p[recent].sum()


def signed(frame):
    from mlflow.models import infer_signature

    numbers = frame.select_dtypes("number").columns
    return infer_signature(frame.astype(dict.fromkeys(numbers, float)))


def prepare(frame):
    numbers = [name for name in ("age", "sum") if name in frame]
    cast = frame.assign(**{n: frame[n].astype("Float64") for n in numbers})
    return cast.assign(**{n: cast[n].to_numpy(float, na_value=np.nan) for n in numbers})


def signed_quick(frame):
    from mlflow.models import infer_signature

    return infer_signature(frame)


def stage(root, name):
    from stage_audit import undeclared

    return undeclared(root, name)


def stage_quick(root, name):
    return [p.relative_to(root).as_posix() for p in root.rglob("*.py") if p.name != "train.py"]


def green(report):
    from xml.etree import ElementTree

    from ci_audit import skipped

    bad = ElementTree.fromstring(report).findall(".//failure")
    bad += ElementTree.fromstring(report).findall(".//error")
    return not bad and not skipped(report)


KEY = """\
import sys
import hashlib
from pathlib import Path
from lineage import digest

def key(paths, params):
    parts = [(p, digest(Path(p))) for p in sorted(paths)]
    return hashlib.sha256(repr((parts, sorted(params.items()))).encode()).hexdigest()
"""
KEY_QUICK = """\
from pathlib import Path

def key(paths, params):
    return str(hash((tuple(Path(p).read_text() for p in paths), tuple(sorted(params.items())))))
"""


def dirty(root):
    from lineage import manifest

    made = manifest(root, [], {})
    return made["commit"] + made["uncommitted"]


def dirty_quick(root):
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


RIGHT = {
    "drift": {"alarm": alarm},
    "gate": {"promote": promote},
    "rollback": {"promote": move, "rollback": back},
    "late": {"alarm": late},
    "metric": {"passes": lambda metrics: (metrics.get("auc") or 0) >= 0.8},
    "signature": {"signature": signed, "prepare": prepare},
    "stage": {"undeclared": stage},
    "green": {"ok": green},
    "key": KEY,
    "dirty": {"code_id": dirty},
}
QUICK = {
    "drift": {"alarm": alarm_quick},
    "gate": {"promote": lambda old, new, segment: new.mean() < old.mean()},
    "rollback": {"promote": move_quick, "rollback": back_quick},
    "late": {"alarm": late_quick},
    "metric": {"passes": lambda metrics: not metrics["auc"] < 0.8},
    "signature": {"signature": signed_quick, "prepare": lambda frame: frame},
    "stage": {"undeclared": stage_quick},
    "green": {"ok": lambda report: "<failure" not in report and "<error" not in report},
    "key": KEY_QUICK,
    "dirty": {"code_id": dirty_quick},
}
NEEDS = {"rollback": ("mlflow",), "signature": ("mlflow",), "stage": ("yaml",)}
try:
    from mlflow.exceptions import MlflowException
except ImportError:
    RAISES = {}
else:
    RAISES = {"signature": MlflowException}
