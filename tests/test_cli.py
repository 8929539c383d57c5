"""The command line as users type it: what is printed, and the exit code."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlskill.apps.cli import run
from mlskill.rules import RULES

Run = Callable[..., tuple[int, str, str]]

GOOD = "---\nname: good\ndescription: Use when good.\n---\n\n# Good\n\nSee [a](refs/a.md#b).\n"
PAGE = "# A\n\nLead.\n\n## B\n\nText of B.\n\n```python\nprint(1 + 1)\n# > 2\n```\n"


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in a folder with the skills `good` and `bad`."""
    for name, text in {
        "good/SKILL.md": GOOD,
        "good/refs/a.md": PAGE,
        "bad/SKILL.md": GOOD,
        "empty/README.md": "nothing",
        "\x1b[2J/SKILL.md": "no frontmatter",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_render_outline(cli: Run) -> None:
    code, out, _ = cli("render", "good")
    assert code == 0
    assert "# Good" in out
    assert "| `refs/a.md` |" in out


@pytest.mark.parametrize(
    "target", ["good/refs/a.md", "a", "refs/a.md", "./good/refs/a.md"], ids=str
)
def test_render_a_module(cli: Run, target: str) -> None:
    there = () if target.endswith("good/refs/a.md") else ("--skill", "good")
    code, out, _ = cli("render", target, *there)
    assert (code, "Text of B." in out, "See [a]" in out) == (0, True, False)


def test_render_a_section(cli: Run) -> None:
    code, out, _ = cli("render", "good/refs/a.md#b")
    assert (code, "Text of B." in out, "Lead." in out) == (0, True, False)


def test_render_full_and_xml(cli: Run) -> None:
    assert "Text of B." in cli("render", "--view", "full", "good")[1]
    assert cli("render", "--format", "xml", "good")[1].startswith("<skill_content")


def test_catalog_of_folders(cli: Run) -> None:
    code, out, _ = cli("render", "--view", "catalog", "good", "bad")
    assert code == 0
    assert out.count("<skill>") == 2
    assert f"{Path.cwd()}/good/SKILL.md" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("render", "good#c"), "c"),
        (("render", "--skill", "good", "aa"), "did you mean a"),
        (("render", "./missing"), "./missing: no such file or folder"),
        (("render", "empty/README.md"), "no SKILL.md"),
        (("validate", "missing"), "missing: no such file or folder"),
        (("validate", "empty"), "empty: no SKILL.md here or below"),
        (("explain", "link-target-mising"), "did you mean link-target-missing"),
        (("tree", "empty"), "SKILL.md"),
    ],
    ids=str,
)
def test_what_cannot_run_is_one_line(cli: Run, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("mlskill: ")
    assert err.count("\n") == 1
    assert message in err


def test_validate(cli: Run) -> None:
    assert cli("validate", "good") == (0, "nothing found in 1 skill, 2 documents\n", "")
    code, out, _ = cli("validate")
    assert code == 1
    assert "bad/SKILL.md:2:1: error name-not-folder:" in out
    assert "bad/SKILL.md:8:5: warning link-target-missing:" in out
    assert "\x1b" not in out
    assert out.endswith("in 3 skills, 4 documents\n")


def test_validate_json_and_github(cli: Run) -> None:
    code, out, _ = cli("validate", "--format", "json", "bad")
    data = json.loads(out)
    rules = [finding["rule"] for finding in data["findings"]]
    assert (code, rules) == (1, ["name-not-folder", "link-target-missing"])
    assert cli("validate", "--format", "github", "bad")[1].startswith("::error file=bad/SKILL.md,")


def test_validate_writes_several_formats_at_once(cli: Run, tmp_path: Path) -> None:
    outputs = [("--output", f"{name}:{tmp_path}/out.{name}") for name in ("sarif", "junit")]
    code, out, _ = cli("validate", "bad", *outputs[0], *outputs[1])
    assert (code, "bad/SKILL.md:8:5: warning" in out) == (1, True)
    results = json.loads((tmp_path / "out.sarif").read_text("utf-8"))["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["name-not-folder", "link-target-missing"]
    assert (tmp_path / "out.junit").read_text("utf-8").startswith("<?xml")


@pytest.mark.parametrize("output", ["sarif", "sarif:", "nothing:a.txt", ":a.txt"])
def test_an_output_that_is_none_is_refused(cli: Run, output: str) -> None:
    with pytest.raises(SystemExit) as refused:
        cli("validate", "--output", output, "bad")
    assert refused.value.code == 2


def test_an_output_that_cannot_be_written_is_one_line(cli: Run) -> None:
    code, out, err = cli("validate", "--output", "sarif:no/such/folder.sarif", "bad")
    assert (code, out) == (2, "")
    assert err == "mlskill: could not write no/such/folder.sarif: No such file or directory\n"


def test_validate_asks_the_rules_that_are_chosen(cli: Run) -> None:
    def found(*options: str) -> tuple[int, list[str]]:
        code, out, _ = cli("validate", "--format", "json", "bad", *options)
        return code, [finding["rule"] for finding in json.loads(out)["findings"]]

    assert found("--profile", "spec") == (1, ["name-not-folder"])
    assert found("--select", "links,text") == (1, ["link-target-missing"])
    assert found("--ignore", "links", "--ignore", "name-not-folder") == (0, [])
    assert cli("validate", "--select", "lnks", "bad")[0] == 2


def test_explain_lists_rules_for_programs(cli: Run) -> None:
    rules = {rule["id"]: rule for rule in json.loads(cli("explain", "--format", "json")[1])}
    assert rules["link-target-missing"] == {
        "id": "link-target-missing",
        "severity": "warning",
        "family": "links",
        "exact": False,
        "summary": "A link or image points to a file or folder that the skill does not have.",
    }
    assert " links        heuristic " in cli("explain")[1]


def test_a_limit_is_exit_3(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "good" / "refs" / "big.md").write_text("a" * (3 << 20))
    code, out, _ = cli("validate", "good")
    assert (code, "limit-reached" in out) == (3, True)


def test_tree(cli: Run) -> None:
    code, out, _ = cli("tree", "good")
    assert (code, "refs/a.md" in out) == (0, True)
    data = json.loads(cli("tree", "good", "--format", "json")[1])
    assert [document["path"] for document in data["documents"]] == ["SKILL.md", "refs/a.md"]


def test_explain(cli: Run) -> None:
    listed = cli("explain")[1].splitlines()
    assert [line.split()[0] for line in listed] == list(RULES)
    assert "link-target-missing" in cli("explain", "link-target-missing")[1]


def test_prove_says_what_it_runs_and_runs_it(cli: Run) -> None:
    code, out, _ = cli("prove", "--dry-run", "good")
    assert code == 0
    assert "would execute 1 blocks" in out
    assert "refs/a.md#b" in out
    code, out, err = cli("prove", "good")
    assert "refs/a.md#b" in err
    assert (code, out) == (0, "nothing found in 1 skill, 1 document\n")


def test_prove_as_json(cli: Run) -> None:
    data = json.loads(cli("prove", "--format", "json", "good")[1])
    assert data["findings"] == []
    assert [block["status"] for block in data["proofs"]["good"]["blocks"]] == ["ran"]
    assert data["proofs"]["good"]["proven"] == 1.0


def test_prove_reports_a_false_claim(cli: Run, tmp_path: Path) -> None:
    page = tmp_path / "good" / "refs" / "a.md"
    page.write_text(PAGE.replace("# > 2", "# > 3"))
    code, out, _ = cli("prove", "good")
    assert code == 1
    assert out.startswith("good/refs/a.md:11:1: error block-output:")


def test_the_packaged_skill_is_the_default(cli: Run) -> None:
    assert "# ML Engineer" in cli("render")[1]
    assert cli("tree")[1].startswith("ml-engineer")
    assert "## Pitfalls" in cli("render", "model-evaluation-testing#pitfalls")[1]


def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("render", "validate", "tree", "explain", "prove"):
        with pytest.raises(SystemExit) as left:
            run([command, "--help"])
        assert left.value.code == 0
        assert f"examples:\n  mlskill {command}" in capsys.readouterr().out


def test_as_a_program_with_a_reader_that_leaves() -> None:
    command = [sys.executable, "-m", "mlskill", "render", "--view", "full"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_validation_keeps_its_exit_code_when_its_reader_leaves(cli: Run, tmp_path: Path) -> None:
    page = "".join(f"[a](no{i}.md)\n" for i in range(90))
    for name in range(30):  # more than a pipe holds
        (tmp_path / "bad" / f"{name}.md").write_text(page)
    command = [sys.executable, "-m", "mlskill", "validate", "bad"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["render", "validate", "tree", "explain"])
def test_a_full_disk_is_one_line(cli: Run, command: str) -> None:
    program = [sys.executable, "-m", "mlskill", command]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "mlskill: could not print: No space left on device\n",
    )


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize(("folder", "code"), [("good", 0), ("bad", 1), ("missing", 2)])
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_leave_the_exit_code(cli: Run, folder: str, code: int, closed: str) -> None:
    line = f'"{sys.executable}" -m mlskill validate {folder} {closed}'
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="elsewhere such a folder cannot be removed")
def test_a_folder_that_is_gone_is_one_line(cli: Run, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    code, out, err = cli("validate")
    os.chdir(tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("mlskill: ")


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_on_a_terminal_there_are_colours_and_nothing_else(cli: Run, tmp_path: Path) -> None:
    import pty

    (tmp_path / "bad" / "\x1b[2J.md").write_text("[a](no.md) \x1b]0;x\x07 text")
    shown = {}
    for command in ("validate bad", "render --view full bad", "tree bad"):
        ours, theirs = pty.openpty()
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        words = [sys.executable, "-m", "mlskill", *command.split()]
        with subprocess.Popen(words, stdout=theirs, env=environment) as process:
            os.close(theirs)
            read = b""
            with contextlib.suppress(OSError):  # how Linux says that the other side has closed
                while more := os.read(ours, 1 << 16):
                    read += more
        os.close(ours)
        assert process.returncode == (command == "validate bad")
        shown[command] = read.decode().replace("\r\n", "\n")
    plain = re.sub(r"\x1b\[(?:0|1|31|33)m", "", shown["validate bad"])
    assert plain != shown["validate bad"]
    assert "\x1b" not in plain + shown["render --view full bad"] + shown["tree bad"]
    assert plain == cli("validate", "bad")[1]


@pytest.mark.parametrize(
    "arguments",
    [("tree", "--depth", "-1"), *(("prove", "--timeout", t, ".") for t in ("-1", "0", "nan", "x"))],
    ids=str,
)
def test_numbers_that_mean_nothing_are_refused(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run(arguments)
    assert left.value.code == 2
    assert "is not a number" in capsys.readouterr().err


def test_a_path_may_hold_the_sign_of_sections(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "good").rename(tmp_path / "c#")
    assert "# Good" in cli("render", "c#")[1]
    assert "Text of B." in cli("render", f"{tmp_path}/c#/refs/a.md")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("tree", "sly"),
        ("tree", "sly", "--format", "json"),
        ("prove", "sly"),
        ("prove", "sly", "--format", "json"),
        ("prove", "sly", "--dry-run"),
    ],
    ids=str,
)
def test_no_line_passes_for_a_command_of_a_build(
    cli: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    page = tmp_path / "sly" / "##[error]p.md"
    page.parent.mkdir()
    (tmp_path / "sly" / "SKILL.md").write_text("---\nname: '::error::x'\n---\n[p](<##[error]p.md>)")
    page.write_text("# ##vso[x]\n\n```python\nprint('##[error]x')\n# > y\n```\n")
    _, out, err = cli(*arguments)
    assert "##[" not in out + err
    assert "##vso[" not in out + err
    assert not re.search(r"^\s*::", out + err, re.MULTILINE)
