"""mlskill read, site and completion: what a user sees."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlskill.apps.cli import run
from mlskill.apps.cli.completion import names
from mlskill.apps.cli.read import laid_out

HOSTILE = "---\nname: a\ndescription: b\n---\n"
HOSTILE += "# Title \x1b]0;owned\x07\n\n\x1b[2Jtext \u202egnp\n\n&#x202e; &#27;[2J\n"


def skill(folder: Path, text: str = HOSTILE) -> str:
    (folder / "SKILL.md").write_text(text)
    return str(folder)


def on_a_terminal(*words: str, **settings: str) -> str:
    """What a command prints to a terminal."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "PAGER": "cat", **settings}
    with subprocess.Popen(
        [sys.executable, "-m", "mlskill", *words], stdout=theirs, stderr=theirs, env=environ
    ) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not part:
                break
            parts.append(part)
        assert process.wait(60) == 0
    os.close(ours)
    return b"".join(parts).decode()


def test_a_pipe_gets_the_text_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["read", "model-evaluation-testing#pitfalls"]) == 0
    out = capsys.readouterr().out
    assert "| Symptom | Cause | Fix |" in out
    assert "\x1b" not in out


def test_without_a_target_it_is_the_main_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["read"]) == 0
    assert "# ML Engineer" in capsys.readouterr().out


@pytest.mark.parametrize("plain", [[], ["--plain"], ["--no-pager"]])
def test_a_terminal_gets_no_controls_of_a_skill(tmp_path: Path, plain: list[str]) -> None:
    out = on_a_terminal("read", *plain, skill(tmp_path))
    assert "]0;owned" in out
    # Nothing but colours.
    assert not re.search(r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x7f\u202e]", out)


def test_it_is_laid_out_in_colour_unless_that_is_unwanted(tmp_path: Path) -> None:
    page = skill(tmp_path, "# Title\n\nSome **bold** `code`.\n\n```python\nprint(1)\n```\n")
    assert "\x1b[" in on_a_terminal("read", page)
    assert not re.search(r"\x1b\[[0-9;]*3\d", on_a_terminal("read", page, NO_COLOR="1"))


@pytest.mark.parametrize("pager", ["absent-pager", "'"])
def test_without_a_pager_it_is_printed(tmp_path: Path, pager: str) -> None:
    assert "text" in on_a_terminal("read", skill(tmp_path), PAGER=pager)


def test_links_show_where_they_lead() -> None:
    out = laid_out("[harmless](https://attacker.example/x)", 80)
    assert "https://attacker.example/x" in out
    assert "\x1b]8" not in out


def test_a_monstrous_text_is_shown_as_it_is(tmp_path: Path) -> None:
    out = on_a_terminal("read", skill(tmp_path, "> " * 5000 + "deep\n"))
    assert "deep" in out


# Completion.
def completed(line: str, tmp: Path) -> list[str]:
    """What a shell is told for a line that ends at the cursor."""
    answer = tmp / "answer"
    environ = os.environ | {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line.encode())),
        "COMP_TYPE": "9",
    }
    subprocess.run(
        [sys.executable, "-m", "mlskill"], env=environ, cwd=tmp, check=True, capture_output=True
    )
    return [word.strip() for word in answer.read_text().split("\n") if word.strip()]


COMPLETED = [
    ("mlskill val", ["validate"]),
    ("mlskill read model-ev", ["model-evaluation-testing"]),
    ("mlskill read model-evaluation-testing#pit", ["model-evaluation-testing#pitfalls"]),
    ("mlskill render own/SKILL.md#ti", ["own/SKILL.md#title"]),
    ("mlskill validate ow", ["own/"]),
    ("mlskill explain link-target", ["link-target-missing"]),
    ("mlskill site --edi", ["--editor"]),
    ("mlskill read absent#", []),
]


@pytest.mark.parametrize(("line", "words"), COMPLETED)
def test_completion(tmp_path: Path, line: str, words: list[str]) -> None:
    (tmp_path / "own").mkdir()
    skill(tmp_path / "own", "---\nname: own\ndescription: b\n---\n# Title\n")
    assert completed(line, tmp_path) == words


def test_no_name_that_a_shell_would_run_is_completed(tmp_path: Path) -> None:
    text = (
        '---\nname: own\n---\n# A\n\n<a id="x$(touch owned)"></a><a id="y`id`"></a><a id="z"></a>\n'
    )
    path = f"{skill(tmp_path, text)}/SKILL.md"
    assert names(f"{path}#") == [f"{path}#a", f"{path}#z"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_for_shells(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "mlskill" in capsys.readouterr().out


def test_bash_completes(tmp_path: Path) -> None:
    """The real shell, with the real script."""
    script = (
        'eval "$(mlskill completion bash)"; COMP_WORDS=(mlskill read model-evaluation-testing#pit);'
        "COMP_CWORD=2; COMP_LINE='mlskill read model-evaluation-testing#pit';"
        "COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; _python_argcomplete mlskill;"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "model-evaluation-testing#pitfalls"


# The site's command.
def test_site_says_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    skill(folder)
    assert run(["site", str(folder), "--output", str(tmp_path / "out")]) == 0
    assert "1 skill, " in capsys.readouterr().out
    assert (tmp_path / "out" / "index.html").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["site"], "say where to"),
        (["site", "absent", "--output", "out"], "no such file"),
        (["site", ".", "--output", "out"], "no SKILL.md here or below"),
        (["site", "--output", "out", "--source", "javascript:1"], "no address of a folder"),
        (["site", "--output", "out", "--editor", "ed"], "no editor 'ed'"),
        (["site", "--output", "out", "--proof", "absent.json"], "no such file"),
    ],
)
def test_what_site_cannot_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    assert said in capsys.readouterr().err


def test_the_site_of_a_skill_lies_outside_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = skill(tmp_path)
    assert run(["site", root, "--output", f"{root}/out"]) == 2
    assert "would become a part of the skill" in capsys.readouterr().err
