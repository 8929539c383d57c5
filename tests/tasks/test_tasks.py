"""Requests as users write them: each has a check that the right answer passes, the quick one fails.

A folder holds `requests.jsonl`, the checks (a script that grades any answer by running it) and
`answers.py`: `RIGHT` and `QUICK` by request, `NEEDS`, the libraries some take, and `RAISES`, how a
quick answer fails if not by an assertion. An answer is names (a dict or a namespace), a function of
an empty folder that gives them, or the text of a file.
"""

from __future__ import annotations

import json
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import pytest

HERE = Path(__file__).parent
RESOURCES = HERE.parents[1] / "resources"
FOLDERS = sorted(path.parent for path in HERE.glob("*/requests.jsonl"))
FAILED = (AssertionError, pytest.fail.Exception)


def requests(folder):
    lines = (folder / "requests.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["id"] for line in lines]


CASES = [(folder, name) for folder in FOLDERS for name in requests(folder)]
each_request = pytest.mark.parametrize(
    ("folder", "name"), CASES, ids=[f"{folder.name}-{name}" for folder, name in CASES]
)


@pytest.fixture
def tasks(monkeypatch):
    """The checks and answers of a folder, with the skill's pieces to import."""
    monkeypatch.syspath_prepend(RESOURCES / "playbook")
    monkeypatch.syspath_prepend(RESOURCES / "pieces")

    def read(folder):
        checks = run_path(str(folder / f"{folder.name.replace('-', '_')}.py"))
        return checks["CHECKS"], run_path(str(folder / "answers.py"))

    return read


def ready(answers, kind, name, folder):
    """The answer as what a check takes, unless a library that it needs is absent."""
    for library in answers.get("NEEDS", {}).get(name, ()):
        pytest.importorskip(library)
    answer = answers[kind][name]
    if isinstance(answer, str):
        (folder / "answer.py").write_text(answer)
        return SimpleNamespace(__file__=str(folder / "answer.py"))
    if callable(answer):
        answer = answer(folder)
    return SimpleNamespace(**answer) if isinstance(answer, dict) else answer


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_request_has_a_check_and_two_answers(folder, tasks):
    checks, answers = tasks(folder)
    assert requests(folder) == list(checks) == list(answers["RIGHT"]) == list(answers["QUICK"])


@pytest.mark.filterwarnings("ignore")
@each_request
def test_the_right_answer_passes(folder, name, tasks, tmp_path):
    checks, answers = tasks(folder)
    checks[name](ready(answers, "RIGHT", name, tmp_path))


@pytest.mark.filterwarnings("ignore")
@each_request
def test_the_quick_answer_fails(folder, name, tasks, tmp_path):
    checks, answers = tasks(folder)
    answer = ready(answers, "QUICK", name, tmp_path)
    with pytest.raises(answers.get("RAISES", {}).get(name, FAILED)):
        checks[name](answer)
