"""The whole playbook, killed once in every stage; the page's figures against the reports.

Minutes long, so it runs where PLAYBOOK_FULL=1 says so.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "playbook"))

pytest.importorskip("mlflow")
pytest.importorskip("lightgbm")
pytest.importorskip("fastapi")
import run as playbook
import store

ROOT = Path(__file__).parents[2]
PLAYBOOK = ROOT / "resources" / "playbook"
PAGE = (ROOT / "resources" / "implementation-playbook.md").read_text()
RUN = [sys.executable, str(PLAYBOOK / "run.py"), "--shared"]
STAGES = ("frame", "data", "train", "validate", "serve", "release", "monitor", "retrain")

full = pytest.mark.skipif(os.environ.get("PLAYBOOK_FULL") != "1", reason="PLAYBOOK_FULL is not 1")


def run(home: Path, *more: str, kill_in: str = "") -> tuple[int, str]:
    """Exit code and output; killed with all it started two seconds into the stage `kill_in`."""
    process = subprocess.Popen(
        [*RUN, "--home", str(home), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said = ""
    for line in process.stdout:
        said += line
        if kill_in and line == f"{kill_in}: running\n":
            time.sleep(2)
            os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    return process.wait(), said


@pytest.fixture
def stages(monkeypatch):
    """Two stages whose gates a test sets, and what ran."""
    ran, value = [], {"one": 0.0, "two": 0.0}
    monkeypatch.setattr(playbook, "STAGES", ("one", "two"))
    monkeypatch.setattr(playbook, "key", lambda stage: "now")

    def stage(name):
        def go(home):
            ran.append(name)
            return store.Result({}, [store.Gate("x", value[name], high=1)])

        return SimpleNamespace(run=go)

    for name in value:
        monkeypatch.setitem(sys.modules, name, stage(name))
    return ran, value


def test_a_failed_gate_stops_the_run_unless_one_says_go_on(tmp_path, stages):
    ran, value = stages
    value["one"] = 2
    assert playbook.main(["--home", str(tmp_path)]) == 1
    assert ran == ["one"]
    assert playbook.main(["two", "--home", str(tmp_path)]) == 2
    assert playbook.main(["--home", str(tmp_path), "--go-on"]) == 1
    assert ran == ["one", "one", "two"]
    assert playbook.main(["--home", str(tmp_path), "--go-on"]) == 1, "a failed gate stays one"
    assert playbook.main(["two", "--home", str(tmp_path)]) == 0
    assert ran == ["one", "one", "two", "two"]


def test_the_first_stage_that_an_edit_reaches_and_those_after_it_run_again(
    tmp_path, stages, monkeypatch
):
    ran, _ = stages
    assert playbook.main(["--home", str(tmp_path)]) == 0
    monkeypatch.setattr(playbook, "key", lambda stage: "now" if stage == "one" else "edited")
    assert playbook.main(["--home", str(tmp_path)]) == 0
    assert ran == ["one", "two", "two"]


def test_a_stage_depends_on_its_code_and_data_and_not_on_a_comment(tmp_path, monkeypatch):
    folder = Path(shutil.copytree(PLAYBOOK, tmp_path / "playbook"))
    monkeypatch.setattr(playbook, "HERE", folder)

    def keys():
        for cached in (playbook.code, playbook.imports, playbook.key):
            cached.cache_clear()
        return [playbook.key(stage) for stage in STAGES]

    def edited(name, text):
        path = folder / f"{name}.py"
        path.write_text(path.read_text() + text)
        return [a == b for a, b in zip(before, keys(), strict=True)]

    before = keys()
    assert all(edited("decision", "# a comment\n"))
    assert edited("server", "X = 1\n") == [True] * 4 + [False] * 4, "it is started, not imported"
    assert edited("retrain", "X = 1\n")[:-1] == [True] * 4 + [False] * 3
    assert not any(edited("decision", "X = 1\n"))
    before = keys()
    monkeypatch.setattr(playbook.feed, "source", lambda: "other data")
    assert not any(a == b for a, b in zip(before, keys(), strict=True))
    for cached in (playbook.code, playbook.imports, playbook.key):
        cached.cache_clear()


def test_a_log_filled_by_other_code_or_data_is_refused(tmp_path, stages, monkeypatch, capsys):
    assert playbook.main(["--home", str(tmp_path)]) == 0
    assert playbook.main(["--home", str(tmp_path)]) == 0
    monkeypatch.setattr(playbook.feed, "source", lambda: "other data")
    assert playbook.main(["--home", str(tmp_path)]) == 2
    assert "other code or data" in capsys.readouterr().err
    (tmp_path / "x" / "log").mkdir(parents=True)
    assert playbook.main(["--home", str(tmp_path / "x")]) == 2


def test_a_stage_alone_says_what_it_needs(tmp_path):
    code, said = run(tmp_path, "monitor")
    assert code == 2
    assert "monitor needs: frame, data, train, validate, serve, release" in said


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("playbook")
    for stage in STAGES:
        code, said = run(home, kill_in=stage)
        assert code == -signal.SIGKILL, said
        for path in home.rglob("*.json"):
            json.loads(path.read_text())
        assert not (home / "reports" / f"{stage}.json").exists()
    code, said = run(home)
    assert code == 0, said
    return home


@full
def test_killed_in_every_stage_it_goes_on_and_ends_well(home):
    code, said = run(home)
    assert code == 0
    assert said.splitlines() == [f"{stage}: done before" for stage in STAGES]
    for name in ("validation.html", "monitor.html", "monitor.prom", "mlflow.db"):
        assert (home / name).stat().st_size > 100
    assert len(list((home / "log" / "flights").glob("*.parquet"))) == 12
    assert not list(home.rglob("*.part"))


@full
@pytest.mark.parametrize("stage", ["serve", "validate"])
def test_a_stage_run_again_after_another_version_was_promoted_judges_its_own(home, stage):
    assert json.loads((home / "serving" / "champion.json").read_text())["version"] > 1
    code, said = run(home, stage)
    assert code == 0, said


@full
@pytest.mark.parametrize(
    ("command", "package", "said"),
    [
        (["grow.py", "ray"], "ray", "all equal"),
        (["grow.py", "dask"], "distributed", "all equal"),
        (["tuning.py"], "ray.tune.search.optuna", "best equal"),
        (["replicas.py"], "ray.serve", "200 answers: all equal"),
    ],
)
def test_an_engine_gives_the_same_numbers(home, command, package, said):
    pytest.importorskip(package, exc_type=ImportError)
    command = [sys.executable, str(PLAYBOOK / command[0]), *command[1:], "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


CLAIMS = [  # stage, path in its figures, how the page writes it
    (
        "frame",
        ("cost per 1,000", "a miss costs 6", "origin's last hour late"),
        "late* {:.0f}",
    ),
    ("data", ("AUC in April", "forward in time"), "| training on the past | {:.3f} |"),
    ("data", ("AUC in April", "random split"), "| random split | {:.3f} |"),
    ("data", ("AUC in April", "with the departure delay"), "| a leaked departure delay | {:.3f} |"),
    ("data", ("AUC in April", "with 'aircraft is named'"), '"aircraft is named" | {:.3f} |'),
    ("train", ("rows",), "({:,} rows)"),
    ("train", ("in March", "as it is", "cost"), "cost {:.0f} |"),
    ("train", ("in March", "tuned", "change"), "| {:+.0f} |"),
    ("train", ("in March", "calibrated on the last weeks", "change"), "| {:+.0f} |"),
    ("train", ("in March", "without weather", "change"), "| {:+.0f} |"),
    ("validate", ("cost in April", "model"), "{:.0f} against 995"),
    ("validate", ("AUC",), "AUC {:.3f}"),
    ("validate", ("observed over expected",), "{:.2f} times those expected"),
    ("release", ("shadow, whole month", 0), "−{0:.0f} (−99 to −15)"),
    ("release", ("A/B", "change", 0), "−{0:.0f} (−75 to +6)"),
    (
        "release",
        ("false alarms of A/A tests", "by day, tested by flight"),
        "by flight {:.0%}*",
    ),
    ("monitor", ("level",), "by days over {:.2f}"),
    ("monitor", ("hours with a false null alarm",), "{}"),
    ("monitor", ("faults", "Celsius"), "{}"),
    ("retrain", ("mean cost", "first champion"), "never changed | {:.0f} |"),
    ("retrain", ("mean cost", "this rule"), "8 months)** | {:.0f} |"),
    ("retrain", ("mean cost", "always the new one"), "| each new model | {:.0f} |"),
]


@full
@pytest.mark.parametrize(("stage", "path", "words"), CLAIMS)
def test_the_page_says_what_the_run_found(home, stage, path, words):
    value = json.loads((home / "reports" / f"{stage}.json").read_text())["figures"]
    for step in path:
        value = value[step]
    value = abs(value) if isinstance(value, float) and "−" in words else value
    claim = words.format(value).replace("%", " %")
    assert claim in PAGE


@full
def test_the_alert_rule_has_the_level_that_the_past_chose(home):
    level = json.loads((home / "reports" / "monitor.json").read_text())["figures"]["level"]
    assert f"late_observed_over_expected_low > {level}" in (PLAYBOOK / "alerts.yml").read_text()
