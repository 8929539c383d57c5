"""The faults `ci_audit` exists for, put in on purpose; and the workflow that calls it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ci_audit import failed, main, skipped, too_old

PIECES = Path(__file__).parents[2] / "resources" / "pieces"
LOCK = """\
mlflow==1.27.0 \\
    --hash=sha256:0a
numpy==2.4.6 ; python_version >= "3.11"
ray[serve]==2.60.0
scikit_learn==1.10.0
torch==2.13.0+cpu
"""


def report(*cases):
    whole = "".join(f"<testcase classname='t' name='{n}'>{inner}</testcase>" for n, inner in cases)
    return f"<testsuites><testsuite>{whole}</testsuite></testsuites>"


@pytest.mark.parametrize(
    ("cases", "found"),
    [
        ([("gate", "")], []),
        ([("gate", "<skipped/>"), ("data", "")], ["skipped: t::gate"]),
        ([("gate", "<skipped/>")], ["no test ran"]),
        ([], ["no test ran"]),
    ],
)
def test_skips_are_named_and_silence_is_a_fault(cases, found):
    assert skipped(report(*cases)) == found


def test_failures_and_errors_are_named():
    text = report(
        ("a", "<failure message='m'/>"), ("b", "<error/>"), ("c", ""), ("d", "<skipped/>")
    )
    assert failed(text) == ["failure: t::a", "error: t::b"]
    assert failed(report(("c", ""))) == []


def test_the_command_is_red_if_the_tests_are(tmp_path, capsys):
    (tmp_path / "r.xml").write_text(report(("a", "<failure/>"), ("b", "")))
    (tmp_path / "lock").write_text(LOCK)
    assert main([str(tmp_path / "r.xml"), str(tmp_path / "lock")]) == 1
    assert capsys.readouterr().out == "failure: t::a\n"


def test_allowed_skips_are_allowed():
    assert skipped(report(("gpu", "<skipped/>"), ("data", "")), allowed=["t::gpu"]) == []


def test_a_report_that_pytest_writes_is_read(tmp_path):
    body = "import pytest\ndef test_a(): pass\ndef test_b(): pytest.importorskip('absent_x')\n"
    (tmp_path / "test_x.py").write_text(body)
    command = [sys.executable, "-m", "pytest", "-q", "--junitxml=r.xml", "-p", "no:cacheprovider"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60).returncode == 0
    assert skipped((tmp_path / "r.xml").read_text()) == ["skipped: test_x::test_b"]


@pytest.mark.parametrize(
    ("floors", "found"),
    [
        ({"mlflow": "3.17"}, ["mlflow: 1.27.0, wanted 3.17 or later"]),
        ({"scikit-learn": "1.9", "numpy": "2.4", "Torch": "2.13", "ray": "2.60.0"}, []),
        ({"prefect": "3"}, ["prefect: not locked, wanted 3 or later"]),
        ({"numpy": "2.4.6.1"}, ["numpy: 2.4.6, wanted 2.4.6.1 or later"]),
        ({"ray": "2.60"}, []),
    ],
)
def test_locks_that_went_back_years_are_named(floors, found):
    assert too_old(LOCK, floors) == found


def test_the_command_exits_with_what_it_found(tmp_path, capsys):
    (tmp_path / "r.xml").write_text(report(("data", "")))
    (tmp_path / "lock").write_text(LOCK)
    paths = [str(tmp_path / "r.xml"), str(tmp_path / "lock")]
    assert main([*paths, "numpy=2.4"]) == 0
    assert main([*paths, "mlflow=3"]) == 1
    assert "mlflow: 1.27.0" in capsys.readouterr().out


def test_the_workflow_pins_actions_and_asks_for_little():
    yaml = pytest.importorskip("yaml")
    told = yaml.safe_load((PIECES / "model_ci.yml").read_text(encoding="utf-8"))
    uses = [
        step["uses"] for job in told["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one) for one in uses)
    assert told["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in told[True]
    assert told["jobs"]["promote"]["needs"] == "test"


@pytest.mark.parametrize(
    "command",
    [
        ["zizmor", "--offline", "--no-progress"],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
    ],
    ids=lambda command: command[0],
)
def test_linters_find_nothing_in_the_workflow(command, tmp_path):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    shutil.copy(PIECES / "model_ci.yml", tmp_path)
    told = subprocess.run([*command, "model_ci.yml"], cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
