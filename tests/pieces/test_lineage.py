"""The faults `lineage` exists for, put in on purpose."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from lineage import changed, differences, digest, manifest

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")


def git(root, *command):
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], cwd=root, check=True
    )


@pytest.fixture
def project(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1")
    (tmp_path / "train.py").write_text("lr = 1")
    (tmp_path / "lock.txt").write_text("numpy==2")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def made(root, **params):
    return manifest(root, ["data", "lock.txt"], params or {"seed": 0}, ["pytest", "absent-package"])


def test_twice_the_same_is_the_same(project):
    assert differences(made(project), made(project)) == {}
    assert made(project)["uncommitted"] == ""
    assert made(project)["package:absent-package"] == "absent"


CHANGES = {
    "edited code": ("train.py", "lr = 2", {"uncommitted"}),
    "new helper": ("helper.py", "x = 1", {"uncommitted"}),
    "data": ("data/a.csv", "2", {"input:data", "uncommitted"}),
    "one more file": ("data/b.csv", "", {"input:data", "uncommitted"}),
    "lock": ("lock.txt", "numpy==3", {"input:lock.txt", "uncommitted"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen(project, name):
    path, text, expected = CHANGES[name]
    before = made(project)
    (project / path).write_text(text)
    assert set(differences(before, made(project))) == expected


def test_a_second_edit_differs_from_the_first(project):
    (project / "train.py").write_text("lr = 2")
    first = made(project)
    (project / "train.py").write_text("lr = 3")
    assert set(differences(first, made(project))) == {"uncommitted"}


def test_parameters_and_their_types_are_seen(project):
    assert differences(made(project, seed=0), made(project, seed="0")) == {
        "param:seed": ("0", "'0'")
    }


def test_inputs_that_changed_or_went_are_named(project):
    before = made(project)
    assert changed(before, project) == []
    (project / "data" / "a.csv").rename(project / "data" / "c.csv")
    (project / "lock.txt").unlink()
    assert changed(before, project) == ["data", "lock.txt"]


def test_a_missing_input_raises(project):
    with pytest.raises(FileNotFoundError):
        digest(project / "none")


def test_the_code_alone(project):
    assert set(manifest(project)) == {"commit", "uncommitted", "python", "machine"}
