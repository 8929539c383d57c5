"""mlskill validate as users type it: fixes, settings, baselines, what is not reported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mlskill.apps.cli import run

Run = Callable[..., tuple[int, str, str]]

HEAD = "---\nname: {}\ndescription: Use when good.\n---\n\n"
ALLOW = "<!-- mlskill: allow link-target-missing: made later -->"


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in a repository with two skills; `bad` has what can be fixed."""
    for name, text in {
        "skills/good/SKILL.md": HEAD.format("good") + f"[a](a.md) {ALLOW}\n",
        "skills/bad/SKILL.md": HEAD.format("Bad") + "[no](no.md) [r](Refs/a.md)\n",
        "skills/bad/refs/a.md": "# A\n\nca\u00c3\u00a9\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(("validate", *arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*.md"))}


def test_diff_changes_nothing_and_fix_does_it(cli: Run, tmp_path: Path) -> None:
    before = contents(tmp_path)
    code, out, err = cli("--diff")
    assert code == 1
    assert "+name: bad\n" in out
    assert "-ca\u00c3\u00a9\n+ca\u00e9\n" in out
    assert err.startswith("mlskill: 3 would be fixed; 1 warning in 2 skills, 3 documents")
    assert contents(tmp_path) == before
    code, out, err = cli("--fix")
    assert (code, err) == (1, "")
    assert out.startswith("skills/bad/SKILL.md:2:1: fixed name-invalid: ")
    assert "\nskills/bad/SKILL.md:6:1: warning link-target-missing: no.md" in out
    assert out.endswith(
        "3 fixed; 1 warning in 2 skills, 3 documents; not reported: 1 by comments\n"
    )
    assert (tmp_path / "skills/bad/refs/a.md").read_bytes() == b"# A\n\nca\xc3\xa9\n"
    after = contents(tmp_path)
    assert cli("--fix")[1].startswith("skills/bad/SKILL.md:6:1: warning")
    assert contents(tmp_path) == after
    assert cli("--diff") == (
        1,
        "",
        "mlskill: 1 warning in 2 skills, 3 documents; not reported: 1 by comments\n",
    )


def test_all_fixed_is_exit_0_and_programs_read_it(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "skills/bad/no.md").write_text("# No\n", encoding="utf-8")
    code, out, _ = cli("skills/bad", "--fix", "--format", "json")
    data = json.loads(out)
    assert (code, data["findings"]) == (0, [])
    assert sorted(finding["rule"] for finding in data["fixed"]) == [
        "link-target-missing", "name-invalid", "text-mojibake"
    ]  # fmt: skip


def test_only_what_is_asked_is_fixed(cli: Run, tmp_path: Path) -> None:
    cli("--fix", "--select", "text-mojibake")
    assert b"name: Bad" in (tmp_path / "skills/bad/SKILL.md").read_bytes()
    assert b"ca\xc3\xa9" in (tmp_path / "skills/bad/refs/a.md").read_bytes()


def test_an_archive_cannot_be_fixed_and_says_so(cli: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("SKILL.md", HEAD.format("bad") + "ca\u00c3\u00a9\n")
    raw = (tmp_path / "bad.zip").read_bytes()
    code, out, err = cli("--fix", "bad.zip")
    assert (code, "text-mojibake" in out) == (1, True)
    assert err == "mlskill: bad.zip: files in an archive cannot be fixed; unpack it first\n"
    assert (tmp_path / "bad.zip").read_bytes() == raw


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_link_is_left_and_named(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "skills/bad/refs/b.md").symlink_to("a.md")
    code, out, err = cli("--fix")
    assert (tmp_path / "skills/bad/refs/b.md").is_symlink()
    assert "skills/bad/refs/b.md: is a link and is not followed" in err
    assert "skills/bad/refs/a.md:3:3: fixed text-mojibake" in out
    assert "b.md:3:3: fixed" not in out
    assert code == 1


def test_what_skills_claim_together_is_left_to_say_after_a_fix(cli: Run, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "skills/good", tmp_path / "more/good")
    code, out, err = cli("--fix", "--select", "name-duplicate,text-mojibake", ".")
    assert code == 1
    assert "fixed text-mojibake" in out
    assert "skills/good/SKILL.md:2:1: warning name-duplicate" in out
    again = cli("--select", "name-duplicate,text-mojibake", ".")
    assert out.endswith(again[1].replace("1 warning", "1 fixed; 1 warning"))
    assert err == again[2]


def test_settings_of_the_project_are_obeyed(cli: Run, tmp_path: Path) -> None:
    settings = tmp_path / "pyproject.toml"
    settings.write_text(
        '[tool.mlskill]\nignore = ["text"]\n[tool.mlskill.severity]\nlinks = "error"\n'
        '[tool.mlskill.per-path]\n"skills/bad/SKILL.md" = ["name-invalid"]\n',
        encoding="utf-8",
    )
    code, out, _ = cli()
    assert code == 1
    assert out.count(" error link-target-missing: ") == 2
    assert out.endswith("; not reported: 1 by comments, 2 by settings\n")
    assert "name-invalid" in cli("--no-config")[1]
    other = tmp_path / "other.toml"
    other.write_text('select = ["text"]', encoding="utf-8")
    assert "2 errors" not in cli("--config", "other.toml")[1]
    settings.write_text("[tool.mlskill]\nselct = []\n", encoding="utf-8")
    assert cli() == (
        2,
        "",
        f"mlskill: {settings}:2: tool.mlskill.selct: there is no such setting\n",
    )


@pytest.mark.parametrize("name", [".mlskill.toml", "pyproject.toml"])
def test_settings_in_the_tree_that_is_checked_are_not_obeyed(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    text = 'ignore = ["links", "text", "frontmatter"]\n'
    stranger = tmp_path / "home" / "bad"
    shutil.copytree(tmp_path / "skills" / "bad", stranger)
    (stranger / name).write_text("[tool.mlskill]\n" * name.startswith("py") + text, "utf-8")
    found = cli(str(stranger))[1]
    assert "not reported" not in found
    (tmp_path / ".git").rmdir()
    monkeypatch.chdir(stranger)
    code, out, err = cli()
    assert (code, "not reported" in out) == (1, False)
    assert err == (
        f"mlskill: {stranger}/{name}: came with a skill and was not obeyed; --config names it\n"
    )
    assert cli("--config", name)[0] == 0


def test_limits_of_the_settings_are_kept(cli: Run, tmp_path: Path) -> None:
    (tmp_path / ".mlskill.toml").write_text("[limits]\nfile_bytes = 50\n", encoding="utf-8")
    code, out, _ = cli("skills/good")
    assert (code, "limit-reached" in out) == (3, True)


def test_comments_outside_of_the_project_are_not_obeyed(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".git").mkdir()
    monkeypatch.chdir(project)
    code, out, err = cli("../skills/good")
    assert (code, "link-target-missing" in out) == (1, True)
    assert "1 comments that allow a rule were not obeyed" in err
    assert cli("../skills/good", "--comments", "all")[0] == 0
    monkeypatch.chdir(tmp_path)
    assert cli("skills/good")[0] == 0
    assert cli("skills/good", "--comments", "none")[0] == 1
    with zipfile.ZipFile(tmp_path / "good.zip", "w") as archive:
        archive.write("skills/good/SKILL.md", "SKILL.md")
    assert cli("good.zip")[0] == 1


def test_a_baseline_silences_what_was_there(cli: Run, tmp_path: Path) -> None:
    assert cli("--write-baseline") == (0, "4 findings written to .mlskill-baseline.json\n", "")
    baseline = ("--baseline", ".mlskill-baseline.json")
    code, out, _ = cli(*baseline)
    assert (code, out) == (
        0,
        "nothing found in 2 skills, 3 documents; not reported: 1 by comments, 4 by the baseline\n",
    )
    page = tmp_path / "skills/bad/SKILL.md"
    page.write_bytes(page.read_bytes().replace(b"[no]", b"\n\n[new](new.md)\n\n[no]"))
    code, out, _ = cli(*baseline)
    assert (code, out.count(": warning ")) == (1, 1)
    assert "new.md does not exist" in out
    (tmp_path / ".mlskill.toml").write_text('baseline = ".mlskill-baseline.json"', encoding="utf-8")
    assert cli()[1] == out
    assert cli("--baseline", "no.json")[0] == 2


@pytest.mark.parametrize("format_", ["text", "github", "markdown", "junit", "sarif", "json"])
def test_what_is_not_reported_is_counted_in_every_format(cli: Run, format_: str) -> None:
    out = cli("skills/good", "--format", format_)[1]
    told = {"sarif": '"inSource"', "json": '"by": "comment"', "junit": 'skipped="1"'}
    assert told.get(format_, "not reported: 1 by comments") in out


def test_gitlab_has_no_place_for_it_so_stderr_has(cli: Run) -> None:
    assert cli("skills/good", "--format", "gitlab") == (
        0,
        "[]\n",
        "mlskill: not reported: 1 by comments\n",
    )


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_changed_since(cli: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").rmdir()
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "."), ("commit", "-qm", "a")):
        subprocess.run(["git", *identity, *command], check=True, timeout=60)
    code, out, _ = cli("--changed-since", "HEAD")
    assert code == 0
    assert out.endswith("; not reported: 1 by comments, 4 in unchanged files\n")
    page = tmp_path / "skills/bad/refs/a.md"
    page.write_bytes(page.read_bytes() + b"more\n")
    assert "skills/bad/refs/a.md:3:3: warning text-mojibake" in cli("--changed-since", "HEAD")[1]
    assert cli("--changed-since", "nothing")[0] == 2


def test_paths_may_follow_two_hyphens(cli: Run) -> None:
    assert cli("--format=github", "--", "skills/good")[0] == 0
