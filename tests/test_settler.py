"""settle: what is not reported, why, and that it is counted; baselines; what changed in git."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlskill.errors import MlskillError
from mlskill.loader import load
from mlskill.model import Allow, Finding, Report
from mlskill.settings import Settings
from mlskill.settler import settle
from mlskill.settler.baseline import Baseline
from mlskill.settler.changes import Changes
from mlskill.validator import validate

HEAD = "---\nname: pdf-tools\ndescription: Reads PDF files.\n---\n\n"
RULES = ("link-target-missing", "text-mojibake", "skill-too-long")
FINDINGS = st.builds(
    Finding,
    rule=st.sampled_from(RULES),
    severity=st.sampled_from(["error", "warning", "advice"]),
    path=st.sampled_from(["a/SKILL.md", "a/b.md", "/x/c.md"]),
    line=st.integers(1, 9),
    column=st.integers(1, 9),
    end_line=st.just(9),
    end_column=st.just(9),
    message=st.sampled_from(["m", "n"]),
    excerpt=st.sampled_from(["one", " one", "two"]),
)
ALLOWS = st.builds(
    Allow,
    path=st.sampled_from(["a/SKILL.md", "a/b.md"]),
    rule=st.sampled_from(RULES),
    reason=st.just("why"),
    first=st.integers(1, 9),
    last=st.integers(1, 9),
)
REPORTS = st.builds(
    Report,
    findings=st.lists(FINDINGS, max_size=8, unique=True).map(tuple),
    allows=st.lists(ALLOWS, max_size=3).map(tuple),
)
SETTINGS = st.builds(
    Settings,
    ignore=st.lists(st.sampled_from(RULES), max_size=1).map(tuple),
    per_path=st.dictionaries(st.sampled_from(["a", "a/*.md"]), st.just(("links",)), max_size=1),
)


@given(REPORTS, SETTINGS)
def test_nothing_is_lost_and_nothing_invented(report: Report, settings: Settings) -> None:
    settled = settle(report, settings)
    silent = [one.finding for one in settled.suppressed]
    assert sorted([*settled.findings, *silent], key=repr) == sorted(report.findings, key=repr)
    assert all(one.reason for one in settled.suppressed)
    assert settle(settled, settings) == settled


@given(REPORTS)
def test_a_baseline_of_a_report_silences_that_report(report: Report) -> None:
    baseline = Baseline("b.json")
    text = baseline.text(report.findings)
    known = Baseline("b.json", [item["fingerprint"] for item in json.loads(text)["findings"]])
    settled = settle(replace(report, allows=()), baseline=known)
    assert not settled.findings
    assert {one.by for one in settled.suppressed} <= {"baseline"}


@given(REPORTS, st.integers(1, 50))
def test_a_baseline_holds_when_lines_are_added_above(report: Report, lines: int) -> None:
    known = [*Baseline("b.json").marks(report.findings)]
    moved = tuple(
        replace(f, line=f.line + lines, end_line=f.end_line + lines) for f in report.findings
    )
    assert not settle(Report(moved), baseline=Baseline("b.json", known)).findings
    again = Finding("link-target-missing", "error", "a/b.md", 99, 1, 99, 2, "m", "new line")
    left = settle(Report((*moved, again)), baseline=Baseline("b.json", known))
    assert left.findings == (again,)


def test_a_baseline_speaks_of_paths_from_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    there = Finding("r", "error", str(tmp_path / "a" / "b.md"), 1, 1, 1, 2, "m", "x")
    file = tmp_path / "b.json"
    file.write_text(Baseline(str(file)).text((there,)), encoding="utf-8")
    assert json.loads(file.read_text("utf-8"))["findings"][0]["path"] == "a/b.md"
    for folder, path in ((tmp_path, "a/b.md"), (tmp_path / "a", "b.md")):
        monkeypatch.chdir(folder)
        known = Baseline.load(str(file))
        assert not settle(Report((replace(there, path=path),)), baseline=known).findings


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"version": 2, "findings": []}', '{"version": 1}', "[" * 100_000,
             '{"version": 1, "findings": [1]}', "\x00"]
)  # fmt: skip
def test_what_is_no_baseline_is_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "b.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MlskillError, match=r"b\.json: ") as error:
        Baseline.load(str(file))
    assert "\n" not in str(error.value)


needs_git = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True, timeout=60)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a skill of two broken pages, in which one is."""
    for path, text in {
        "skills/pdf-tools/SKILL.md": f"{HEAD}[a](refs/a.md) [b](refs/b.md#b) [no](no.md)\n",
        "skills/pdf-tools/refs/a.md": "# A\n\nca\u00c3\u00a9\n",
        "skills/pdf-tools/refs/b.md": "# B\n\nca\u00c3\u00a9 [no](no.md)\n",
        "skills/other/SKILL.md": HEAD.replace("pdf-tools", "other") + "[no](no.md)\n",
    }.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def since(revision: str) -> list[str]:
    roots = ["skills/other", "skills/pdf-tools"]
    changes = Changes(revision, roots)
    left = []
    for root in roots:
        settled = settle(validate(load(root)), changes=changes)
        left += [f"{f.path.removeprefix('skills/')} {f.rule}" for f in settled.findings]
    return left


@needs_git
def test_what_did_not_change_is_not_reported(repository: Path) -> None:
    assert since("HEAD") == []
    page = repository / "skills" / "pdf-tools" / "refs" / "a.md"
    page.write_bytes(page.read_bytes() + b"\nmore\n")
    # A link of another page may lead to what is gone from this one.
    assert since("HEAD") == [
        "pdf-tools/SKILL.md link-target-missing",
        "pdf-tools/refs/a.md text-mojibake",
        "pdf-tools/refs/b.md link-target-missing",
    ]
    page.write_bytes(page.read_bytes().replace(b"\nmore\n", b"").replace(b"\n", b"\r\n"))
    assert since("HEAD") == []  # as git checks out on Windows


@needs_git
def test_what_is_new_or_gone_is_a_change(repository: Path) -> None:
    (repository / "skills" / "pdf-tools" / "refs" / "b.md").unlink()
    assert since("HEAD") == ["pdf-tools/SKILL.md link-target-missing"] * 2
    git(repository, "commit", "-qam", "second")
    assert since("HEAD") == []
    assert len(since("HEAD~1")) == 2
    (repository / "skills" / "pdf-tools" / "new.md").write_bytes(b"[x](y.md)\n")
    assert "pdf-tools/new.md link-target-missing" in since("HEAD")


@needs_git
@pytest.mark.parametrize(
    "revision", ["nothing", "-h", "--output=x", "HEAD:skills", "", "a b", "\0"]
)
def test_what_is_no_revision_is_one_line(repository: Path, revision: str) -> None:
    with pytest.raises(MlskillError) as error:
        since(revision)
    assert "\n" not in str(error.value)
    assert not (repository / "x").exists()


@needs_git
def test_no_repository_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "SKILL.md").write_text(HEAD, encoding="utf-8")
    with pytest.raises(MlskillError, match="lies in no git repository"):
        Changes("HEAD", [str(tmp_path)])


HOSTILE = """\
[core]
    fsmonitor = {run}
    hooksPath = {folder}
    sshCommand = {run}
    pager = {run}
    editor = {run}
    gitProxy = {run}
    attributesFile = {folder}/attributes
    alternateRefsCommand = {run}
[extensions]
    partialClone = origin
[remote "origin"]
    url = ext::{run}
    promisor = true
    partialclonefilter = blob:none
    vcs = evil
    uploadpack = {run}
[diff]
    external = {run}
[diff "evil"]
    textconv = {run}
    command = {run}
[filter "evil"]
    clean = {run}
    smudge = {run}
    process = {run}
    required = true
[alias]
    rev-parse = !{run}
    ls-tree = !{run}
[protocol "ext"]
    allow = always
[credential]
    helper = {run}
"""


@needs_git
def test_a_hostile_repository_runs_nothing(repository: Path, tmp_path: Path) -> None:
    marker, folder = tmp_path / "it-ran", tmp_path / "evil"
    folder.mkdir()
    run = folder / "run"
    run.write_text(f"#!/bin/sh\ntouch {marker}\n", encoding="utf-8")
    run.chmod(0o755)
    (folder / "attributes").write_text("* filter=evil diff=evil\n", encoding="utf-8")
    for hook in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        shutil.copy(run, folder / hook)
    (repository / ".gitattributes").write_text("* filter=evil diff=evil\n", encoding="utf-8")
    page = repository / "skills" / "pdf-tools" / "refs" / "a.md"
    page.write_bytes(page.read_bytes() + b"\nmore\n")
    with (repository / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(HOSTILE.format(run=run, folder=folder))
    command = ["git", "-C", str(repository), "diff", "HEAD"]
    subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert marker.exists(), "the repository is not hostile enough"
    marker.unlink()
    assert "pdf-tools/refs/a.md text-mojibake" in since("HEAD")
    # An object that is missing is not fetched.
    objects = [p for p in (repository / ".git" / "objects").glob("??/*") if p.is_file()]
    for loose in objects:
        loose.unlink()
    with pytest.raises(MlskillError):
        since("HEAD")
    assert not marker.exists()
