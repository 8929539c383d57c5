"""The GitHub Action and the pre-commit hooks: valid by schema, and their scripts as they run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = ROOT / ".github" / "actions" / "validate" / "action.yml"
Act = Callable[..., tuple[int, str, str, str]]

HEAD = "---\nname: {}\ndescription: Use when good.\n---\n\n"


def test_the_action_is_one() -> None:
    checker = shutil.which("check-jsonschema")
    if not checker:
        pytest.skip("check-jsonschema is not installed (extra: prove)")
    schema = ("--builtin-schema", "vendor.github-actions")
    done = subprocess.run([checker, *schema, str(ACTION)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def step(name: str) -> dict[str, str]:
    steps = yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]
    found: dict[str, str] = next(one for one in steps if one.get("name") == name)
    return found


def test_no_input_is_a_part_of_a_script() -> None:
    for one in yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]:
        assert "${{" not in one.get("run", "")


@pytest.fixture
def act(tmp_path: Path) -> Act:
    """Runs the action's script on two skills; its exit code, its output, and what it wrote."""
    if os.name != "posix" or not shutil.which("bash"):
        pytest.skip("needs bash")
    for name in ("good", "bad bad"):
        (tmp_path / "skills" / name).mkdir(parents=True)
        page = tmp_path / "skills" / name / "SKILL.md"
        page.write_text(HEAD.format(name), encoding="utf-8")
    tools = tmp_path / "temp" / "mlskill" / "bin"
    tools.mkdir(parents=True)
    (tools / "mlskill").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mlskill "$@"\n')
    (tools / "mlskill").chmod(0o755)

    def run(paths: str, arguments: str = "", sarif: str = "") -> tuple[int, str, str, str]:
        files = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "output"}
        environment = os.environ | {key: str(tmp_path / name) for key, name in files.items()}
        environment |= {"PATHS": paths, "ARGUMENTS": arguments, "SARIF": sarif}
        environment |= {"RUNNER_TEMP": str(tmp_path / "temp")}
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c"]
        done = subprocess.run(
            [*command, step("Validate")["run"]],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        written = [
            (tmp_path / name).read_text("utf-8") if (tmp_path / name).exists() else ""
            for name in files.values()
        ]
        return done.returncode, done.stdout, *written

    return run


def test_the_action_annotates_and_sums_up(act: Act, tmp_path: Path) -> None:
    code, out, summary, output = act("skills/good\n\nskills/bad bad\n", sarif="out.sarif")
    assert (code, output) == (1, "exit-code=1\n")
    assert out.startswith("::error file=skills/bad bad/SKILL.md,line=2,")
    assert summary.startswith("### mlskill\n")
    assert (tmp_path / "out.sarif").read_text("utf-8").startswith("{")


def test_the_actions_inputs_are_words_and_nothing_else(act: Act, tmp_path: Path) -> None:
    assert act("skills/good")[0] == 0
    assert act("skills", "--select=text")[0] == 0
    assert act("$(touch here)\n`touch here`; touch here")[0] == 2
    assert act("--fix")[0] == 2  # a path, since two hyphens stand before it
    assert not (tmp_path / "here").exists()


def test_the_hooks_are_commands_of_ours() -> None:
    from mlskill.apps.cli import parser

    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")):
        program, *arguments = hook["entry"].split()
        assert program == "mlskill"
        assert parser(arguments[:1]).parse_args(arguments).path == ["."]
        assert hook["pass_filenames"] is False
