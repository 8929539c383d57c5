"""Grade an answer by running it: ``python implementation_playbook.py ID answer.py``.

It says nothing if the answer is right. Needs numpy, pandas and scipy.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("pandas")
import numpy as np
import pandas as pd


def _humidity(temp_f, dewp_f):
    t, d = (temp_f - 32) / 1.8, (dewp_f - 32) / 1.8
    return 100 * np.exp(17.625 * d / (243.04 + d) - 17.625 * t / (243.04 + t))


def units(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    for mean in np.linspace(15, 90, 60):
        temp = mean + rng.normal(0, 5, 24)
        dewp = temp - rng.uniform(8, 25, 24)
        humid = _humidity(temp, dewp) + rng.normal(0, 0.1, 24)
        day = pd.DataFrame({"temp_f": temp, "dewp_f": dewp, "humid_pct": humid})
        assert answer.ok(day), f"a day of {mean:.0f} degrees is refused"
        names = ("temp_f", "dewp_f")
        celsius = day.assign(**{name: (day[name] - 32) / 1.8 for name in names})
        assert not answer.ok(celsius), f"Celsius is not seen at {mean:.0f} degrees Fahrenheit"
        assert not answer.ok(celsius.assign(dewp_f=dewp)), "one column in Celsius is not seen"


def policy(answer: ModuleType) -> None:
    assert abs(answer.threshold(1, 1, 6) - 0.2) < 1e-9
    assert abs(answer.threshold(2, 0, 20) - 0.1) < 1e-9


def known(answer: ModuleType) -> None:
    frame = pd.DataFrame(
        {"sched_arr": [100, 100, 100, 100, 900], "land": [90.0, 1100, np.nan, 999, np.nan]}
    )
    for now, wanted in ((1000, [1, 0, 1, 1, 0]), (819, [1, 0, 0, 0, 0]), (820, [1, 0, 1, 0, 0])):
        assert np.asarray(answer.training_rows(frame, now)).astype(int).tolist() == wanted


def by_day(answer: ModuleType) -> None:
    rng, seen = np.random.default_rng(0), {0.0: 0, 3.0: 0}
    for effect in seen:
        for _ in range(150):
            day = np.repeat(np.arange(40), rng.integers(80, 120, 40))
            new = rng.permutation(np.arange(40) % 2 == 0)[day]
            cost = rng.normal(0, 1, 40)[day] + rng.normal(5, 2, len(day)) + effect * new
            seen[effect] += answer.p_value(cost, day, new) < 0.05
    assert seen[0.0] / 150 <= 0.1, f"false alarms in {seen[0.0] / 150:.0%} of A/A tests"
    assert seen[3.0] / 150 >= 0.9, "a real effect is not seen"


def redelivery(answer: ModuleType) -> None:
    def batch(received, **rows):
        return received, pd.DataFrame({"id": list(rows), "value": list(rows.values())})

    batches = [batch(20, a=5, d=4), batch(10, a=1, b=2), batch(10, a=1, b=2), batch(15, c=3, b=9)]
    got = answer.current(batches)
    assert dict(zip(got["id"], got["value"], strict=True)) == {"a": 5, "b": 9, "c": 3, "d": 4}


def crash_safe(answer: ModuleType) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        answer.save(path, "old")
        before = path.stat().st_ino
        answer.save(path, "new")
        assert path.read_text() == "new"
        assert path.stat().st_ino != before, "written in place"
        with contextlib.suppress(UnicodeError):
            answer.save(path, "\ud800")  # cannot be encoded: fails in the middle
        assert path.read_text() == "new"
        assert [file.name for file in Path(folder).iterdir()] == ["model.json"]


def rollout(answer: ModuleType) -> None:
    users = [f"u{i}" for i in range(4000)]
    one = {s: {u for u in users if answer.in_rollout(u, s, "a")} for s in (0.05, 0.25, 1.0)}
    assert one[0.05] < one[0.25] < one[1.0] == set(users)
    for share in (0.05, 0.25):
        assert abs(len(one[share]) / 4000 - share) < 0.03
    other = {u for u in users if answer.in_rollout(u, 0.25, "b")}
    assert abs(len(one[0.25] & other) / 4000 - 0.0625) < 0.03, "the same people again"
    code = "import sys; sys.path.insert(0, sys.argv[1]); import answer\n"
    code += "print([answer.in_rollout(f'u{i}', 0.25, 'a') for i in range(200)])"
    if getattr(answer, "__file__", None):
        folder = str(Path(answer.__file__).parent)
        fresh = subprocess.check_output([sys.executable, "-c", code, folder], text=True)
        assert fresh.strip() == str([u in one[0.25] for u in users[:200]]), "other processes differ"


def more_late(answer: ModuleType) -> None:
    rng, seen = np.random.default_rng(0), {1.0: 0, 2.0: 0, 0.4: 0}
    for factor in seen:
        for _ in range(100):
            day = np.repeat(np.arange(7), 300)
            p = rng.uniform(0, 0.3, len(day))
            luck = rng.gamma(8, 1 / 8, 7)[day]  # a day's weather, mean one
            late = rng.random(len(day)) < np.clip(p * luck * factor, 0, 1)
            seen[factor] += bool(answer.alarm(late, p, day))
    assert seen[1.0] <= 20, f"{seen[1.0]} of 100 quiet weeks alarm"
    assert seen[2.0] >= 90, "twice as many late flights are not seen"
    assert seen[0.4] == 0, "fewer late flights alarm"


def last_hour(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    sched = rng.integers(0, 1500, 300)
    dep = np.where(rng.random(300) < 0.1, np.nan, sched + rng.integers(-5, 200, 300))
    frame = pd.DataFrame({"origin": rng.choice(["A", "B"], 300), "sched_dep": sched, "dep": dep})
    wanted = []
    for row in frame.itertuples():
        t = row.sched_dep - 120
        seen = frame[
            (frame["origin"] == row.origin) & (frame["dep"] > t - 60) & (frame["dep"] <= t)
        ]
        wanted.append((seen["dep"] - seen["sched_dep"]).mean())
    assert np.allclose(np.asarray(answer.feature(frame), float), wanted, equal_nan=True)


def bad_model(answer: ModuleType) -> None:
    now = {"version": 1, "sha256": "x"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert answer.choose(now, folder) == now
        good = {"version": 2, "sha256": hashlib.sha256(b"model").hexdigest()}
        (folder / "manifest.json").write_text(json.dumps(good))
        assert answer.choose(now, folder) == now
        (folder / "model.bin").write_bytes(b"mode")
        assert answer.choose(now, folder) == now
        (folder / "model.bin").write_bytes(b"model")
        assert answer.choose(now, folder) == good
        for damaged in ("{", "[]", "{}", "null"):
            (folder / "manifest.json").write_text(damaged)
            assert answer.choose(now, folder) == now


CHECKS = {
    "units": units,
    "policy": policy,
    "known": known,
    "by-day": by_day,
    "redelivery": redelivery,
    "crash-safe": crash_safe,
    "rollout": rollout,
    "more-late": more_late,
    "last-hour": last_hour,
    "bad-model": bad_model,
}

if __name__ == "__main__":
    path = Path(sys.argv[2]).resolve()
    spec = spec_from_file_location("answer", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    CHECKS[sys.argv[1]](module)
