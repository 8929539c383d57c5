"""The faults `stage_audit` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("yaml")
import subprocess

from stage_audit import undeclared

TRAIN = """\
import json
from pathlib import Path
import helper
import package.part

lr = Path("params.yaml").read_text()
data = open("data/a.csv").read()
Path("out.json").write_text(json.dumps([helper.scale, lr, data]))
Path("out.json").read_text()
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "data").mkdir()
    files = {"train.py": TRAIN, "helper.py": "scale = 1", "params.yaml": "lr: 1"}
    files |= {"package/__init__.py": "", "package/part.py": "", "data/a.csv": "1"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def declare(root, text):
    stage = "stages:\n  train:\n    cmd: python train.py\n    outs: [out.json]\n"
    (root / "dvc.yaml").write_text(stage + text)


def test_helper_package_and_parameters_are_found(project):
    declare(project, "    deps: [train.py, data]\n")
    for _ in range(2):  # the second run finds compiled files of the first
        found = undeclared(project, "train")
        assert found == ["helper.py", "package/__init__.py", "package/part.py", "params.yaml"]


def test_a_stage_that_declares_all_is_silent(project):
    declare(project, "    deps: [train.py, helper.py, package, data]\n    params: [lr]\n")
    assert undeclared(project, "train") == []


def test_a_parameter_file_of_another_name_does_not_stand_for_params_yaml(project):
    declare(
        project, "    deps: [train.py, helper.py, package, data]\n    params: [{o.yaml: [lr]}]\n"
    )
    assert undeclared(project, "train") == ["params.yaml"]


def test_processes_of_the_stage_are_seen(project):
    (project / "train.py").write_text(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import helper'])\n"
    )
    declare(project, "    deps: [train.py]\n")
    assert undeclared(project, "train") == ["helper.py"]


def test_a_file_that_is_only_written_is_not_read(project):
    (project / "train.py").write_text(
        "from pathlib import Path\n"
        "Path('out.json').write_text('{}')\n"
        "open('train.log', 'w').close()\n"
        "open('train.log', 'a').close()\n"
        "open('new.txt', 'w+').close()\n"
        "open('state.txt', 'a+').close()\n"
        "open('data/a.csv', 'r+').close()\n"
    )
    declare(project, "    deps: [train.py]\n")
    assert undeclared(project, "train") == ["data/a.csv", "state.txt"]


def test_a_stage_that_fails_or_is_not_there_raises(project):
    declare(project, "    deps: [train.py]\n")
    with pytest.raises(KeyError):
        undeclared(project, "tune")
    (project / "train.py").write_text("raise SystemExit(3)")
    with pytest.raises(subprocess.CalledProcessError):
        undeclared(project, "train")
