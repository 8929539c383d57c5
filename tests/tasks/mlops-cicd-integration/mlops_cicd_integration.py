"""Grade an answer by running it: ``python mlops_cicd_integration.py ID answer.py``.

It says nothing if the answer is right. Each check simulates the world in which the quick answer
goes wrong. Needs the stack of the module.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("numpy")
import numpy as np


def days_of(number: int, seed: int) -> list[dict[str, Any]]:
    rng, level, days = np.random.default_rng(seed), 0.0, []
    for day in range(number):
        level = 0.8 * level + rng.normal(0, 0.2)
        common = level + 2 * np.sin(day / 58) + (day % 7 >= 5)
        rows = {f"x{i}": rng.normal((i % 3) * common, 1, 400) for i in range(12)}
        rows["place"] = rng.choice(["a", "b", "c"], 400, p=[0.6, 0.3, 0.1])
        days.append(rows)
    return days


def drift(answer: ModuleType) -> None:
    cried = 0
    for seed in range(3):
        days = days_of(160, seed)
        cried += sum(bool(answer.alarm(days[:end])) for end in range(100, 161, 3))
    assert cried <= 6, f"{cried} alarms on 63 quiet days"
    for column, change in {
        "x3": lambda x: x + 1.5,
        "x4": lambda x: np.where(np.arange(400) % 3 == 0, np.nan, x),
        "place": lambda x: np.where(x == "a", "A", x),
        "x9": lambda x: x[:0],
    }.items():
        last = dict(days_of(160, 0)[-1])
        last[column] = change(last[column])
        if column == "x9":
            last = {name: values[:20] for name, values in last.items()}
        assert answer.alarm([*days_of(160, 0)[:-1], last]), f"a break of {column} is not heard"


def gate(answer: ModuleType) -> None:
    rng, seen = np.random.default_rng(0), {}
    for kind in ("better", "broken", "small", "noise"):
        segment = rng.choice(["a", "b", "rare"], 8000, p=[0.6, 0.35, 0.05])
        old = rng.random(8000) < 0.15
        new = np.where(old, rng.random(8000) < 0.8, rng.random(8000) < 0.01)
        if kind == "broken":
            new = new | ((segment == "rare") & (rng.random(8000) < 0.15))
        if kind == "small":
            segment = np.where(np.arange(8000) < 15, "tiny", segment)
            new[:15] = old[:15]
        if kind == "noise":
            new = old.copy()
            new[np.flatnonzero(old)[:12]] = False
            new[np.flatnonzero(~old)[:8]] = True
        seen[kind] = bool(answer.promote(old, new, segment))
    wanted = {"better": True, "broken": False, "small": False, "noise": False}
    assert seen == wanted, seen


def rollback(answer: ModuleType) -> None:
    import mlflow

    before = mlflow.get_registry_uri()
    with TemporaryDirectory() as folder:
        mlflow.set_registry_uri(f"sqlite:///{folder}/mlflow.db")
        client = mlflow.MlflowClient()
        client.create_registered_model("m")
        for _ in range(4):
            client.create_model_version("m", Path(folder).as_uri())

        def now() -> str:
            return str(client.get_model_version_by_alias("m", "champion").version)

        for version in ("1", "2", "4", "3"):
            answer.promote("m", version)
            assert now() == version
        seen = []
        for _ in range(3):
            answer.rollback("m")
            seen.append(now())
        mlflow.set_registry_uri(before)
        assert seen == ["4", "2", "1"], seen


def late(answer: ModuleType) -> None:
    seen = {1.0: 0, 1.6: 0}
    for lift in seen:
        for seed in range(40):
            rng = np.random.default_rng(seed)
            day = np.repeat(np.arange(100), 150)
            p = rng.beta(2, 18, len(day))
            swing = rng.gamma(20, 1 / 20, 100)[day]
            happens = rng.random(len(day)) < np.clip(p * lift * swing, 0, 1)
            known = day + np.minimum(rng.exponential(20, len(day)), 60) <= 100
            outcome = np.where(happens & known, 1.0, np.nan)
            seen[lift] += bool(answer.alarm(p, outcome, day, 100))
    assert seen[1.0] <= 4, f"{seen[1.0]} of 40 quiet worlds alarm"
    assert seen[1.6] >= 34, f"{seen[1.6]} of 40 worse worlds are heard"


def metric(answer: ModuleType) -> None:
    for metrics, right in [
        ({"auc": 0.85}, True),
        ({"auc": 0.8}, True),
        ({"auc": 0.79}, False),
        ({"auc": float("nan")}, False),
        ({"auc": None}, False),
        ({}, False),
    ]:
        try:
            given = bool(answer.passes(metrics))
        except (KeyError, TypeError, ValueError):
            given = False
        assert given == right, f"{metrics}: {given}"


def signature(answer: ModuleType) -> None:
    import pandas as pd
    from mlflow.pyfunc import _enforce_schema

    train = pd.DataFrame({"age": [20, 30], "sum": [1.0, 2.0], "place": ["a", "b"]})
    schema = answer.signature(train).inputs

    def served(frame: pd.DataFrame) -> pd.DataFrame:
        return _enforce_schema(answer.prepare(frame), schema)

    for frame in (
        train,
        train.assign(age=[20, None]),
        train.assign(sum=[1, 2]),
        train[["place", "sum", "age"]],
        train.assign(age=pd.array([20, None], dtype="Int64")),
    ):
        given = served(frame)
        assert list(given.columns) == list(train.columns)
        wanted = frame["age"].astype(float)
        assert wanted.equals(given["age"].astype(float).reset_index(drop=True))
    for wrong in (train.rename(columns={"age": "years"}), train.assign(age=["x", "y"])):
        with pytest.raises(Exception, match=r"."):
            served(wrong)


def stage(answer: ModuleType) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("data", "lib"):
            (root / name).mkdir()
        files = {
            "lib/__init__.py": "",
            "lib/scale.py": "scale = 1",
            "data/a.csv": "1",
            "settings.toml": "a = 1",
            "train.py": "from lib.scale import scale\nfrom pathlib import Path\n"
            "Path('settings.toml').read_text()\nPath('data/a.csv').read_text()\n"
            "name = 'extra' + '.txt'\nopen(name).read()\n"
            "Path('out.txt').write_text(str(scale))\n",
            "extra.txt": "1",
            "unused.py": "",
            "dvc.yaml": "stages:\n  train:\n    cmd: python train.py\n"
            "    deps: [train.py, data]\n    outs: [out.txt]\n",
        }
        for name, text in files.items():
            (root / name).write_text(text)
        given = sorted(answer.undeclared(root, "train"))
        right = ["extra.txt", "lib/__init__.py", "lib/scale.py", "settings.toml"]
        assert given in (right, [one for one in right if "__init__" not in one]), given


def green(answer: ModuleType) -> None:
    case, skip = "<testcase classname='t' name='{}'>{}</testcase>", "<skipped message='no x'/>"
    for cases, right in [
        ([("a", ""), ("b", "")], True),
        ([("a", ""), ("b", skip)], False),
        ([("a", skip)], False),
        ([], False),
        ([("a", "<failure/>")], False),
        ([("a", "<error/>"), ("b", "")], False),
    ]:
        body = "".join(case.format(*one) for one in cases)
        count = sum(skip in one for one in cases)
        head = f"<testsuite tests='{len(cases)}' skipped='{count}'>"
        given = bool(answer.ok(f"<testsuites>{head}{body}</testsuite></testsuites>"))
        assert given == right, f"{cases}: {given}"


KEY = """\
import sys
sys.path.insert(0, sys.argv[1])
sys.path[1:1] = sys.argv[4:]
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("answer", sys.argv[2])
answer = module_from_spec(spec)
spec.loader.exec_module(answer)
print(answer.key(["a.csv", "b.csv"], eval(sys.argv[3])))
"""


def key(answer: ModuleType) -> None:
    seen = []
    for params, seed, change in [
        ("{'a': 1, 'b': 'x'}", "1", ""),
        ("{'b': 'x', 'a': 1}", "2", ""),
        ("{'a': 2, 'b': 'x'}", "3", ""),
        ("{'a': '1', 'b': 'x'}", "4", ""),
        ("{'a': 1, 'b': 'x'}", "5", "more"),
    ]:
        with TemporaryDirectory() as folder:
            Path(folder, "a.csv").write_text("1" + change)
            Path(folder, "b.csv").write_text("2")
            file = str(answer.__file__)
            command = [sys.executable, "-c", KEY, str(Path(file).parent), file, params, *sys.path]
            environment = os.environ | {"PYTHONHASHSEED": seed}
            told = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, check=True
            )
            seen.append(told.stdout)
    assert seen[0] == seen[1], "another process or order, another key"
    assert len(set(seen)) == 4, "other content or parameters, the same key"


def dirty(answer: ModuleType) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)

        def git(*words: str) -> None:
            whole = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
            subprocess.run(whole, cwd=root, check=True, capture_output=True)

        def write(name: str, text: str) -> str:
            (root / name).write_text(text)
            return str(answer.code_id(root))

        git("init", "-q")
        (root / ".gitignore").write_text("*.log\n")
        (root / "train.py").write_text("lr = 1\n")
        git("add", ".")
        git("commit", "-qm", "first")
        clean = str(answer.code_id(root))
        ids = [clean, write("train.py", "lr = 2\n"), write("train.py", "lr = 3\n")]
        git("add", "train.py")
        assert str(answer.code_id(root)) == ids[-1], "adding to the index is no other code"
        ids += [write("new.py", "x = 1\n"), write("new.py", "x = 2\n")]
        assert len(set(ids)) == 5, "other code, the same id"
        assert write("a.log", "noise") == ids[-1], "ignored files count"
        (root / "new.py").unlink()
        assert write("train.py", "lr = 1\n") == clean, "the same code, another id"


CHECKS = {
    "drift": drift,
    "gate": gate,
    "rollback": rollback,
    "late": late,
    "metric": metric,
    "signature": signature,
    "stage": stage,
    "green": green,
    "key": key,
    "dirty": dirty,
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
