"""Settings: which file speaks, what it may say, and errors that name their place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlskill.model import LIMITS, Finding
from mlskill.settings import Settings, SettingsError, load, project


def finding(path: str, rule: str = "text-mojibake") -> Finding:
    return Finding(rule, "warning", path, 1, 1, 1, 2, "m")


WHOLE = """\
profile = "strict"
select = ["links", "text-mojibake"]
ignore = ["size"]
advice = true
baseline = "old.json"

[severity]
links = "error"
link-anchor-missing = "advice"

[per-path]
"old/**" = ["text"]
"*/generated.md" = ["links"]

[limits]
file_bytes = 1000
"""


@pytest.mark.parametrize("name", [".mlskill.toml", "pyproject.toml", "other.toml"])
def test_everything_that_can_be_set(tmp_path: Path, name: str) -> None:
    text = WHOLE
    if name == "pyproject.toml":
        text = "[tool.mlskill]\n" + WHOLE.replace("\n[", "\n[tool.mlskill.")
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    made = load(file)
    assert (made.profile, made.select, made.ignore) == (
        "strict", ("links", "text-mojibake"), ("size",)
    )  # fmt: skip
    assert made.limits.file_bytes == 1000
    assert made.limits.files == LIMITS.files
    assert made.baseline == str(tmp_path / "old.json")
    anchor, target = finding("a.md", "link-anchor-missing"), finding("a.md", "link-target-missing")
    severities = map(made.severity_of, (anchor, target, finding("a.md")))
    assert [*severities] == ["advice", "error", "warning"]
    assert made.ignores(finding("a.md", "skill-too-long")) == "ignore"
    assert made.ignores(finding(f"{tmp_path}/old/a/b.md")) == "per-path old/**"
    assert made.ignores(finding(f"{tmp_path}/new/old.md")) == ""
    assert made.ignores(finding(f"{tmp_path}/x/y/generated.md", "link-target-missing"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("profil = 'spec'", ".mlskill.toml:1: profil: there is no such setting"),
        ("\nprofile = 'x'", ".mlskill.toml:2: profile: Input should be 'default'"),
        ("select = ['links',\n'lnks']", ".mlskill.toml:1: select[1]: no rule or family 'lnks'; did "
         "you mean links"),
        ("[severity]\n\nlinks = 'bad'", ".mlskill.toml:3: severity.links: Input should be 'error'"),
        ("[severity]\nlnks = 'error'", ".mlskill.toml:2: severity.lnks: no rule or family 'lnks'"),
        ("[per-path]\n'a' = ['text']\n'b/*' = ['txt']", ".mlskill.toml:3: per-path.b/*[0]: no"),
        ("per-path.a = 'text'", ".mlskill.toml:1: per-path.a: Input should be a valid list"),
        ("[limits]\nfiles = 0", ".mlskill.toml:2: limits.files: Input should be greater than 0"),
        ("[limits]\nfile = 1\nfils = 2", ".mlskill.toml:2: limits.file: there is no such setting "
         "(and 1 more)"),
        ("advice = 'yes'", ".mlskill.toml:1: advice: Input should be a valid boolean"),
        ("a = [", ".mlskill.toml: "),
        ("a = 1\n= 2", ".mlskill.toml:2:1: "),
    ],
)  # fmt: skip
def test_what_means_nothing_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / ".mlskill.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file)
    assert str(error.value).startswith(f"{tmp_path}/{message}")
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    for name, make in {
        "bytes.toml": lambda p: p.write_bytes(b"a = '\xff'"),
        "folder.toml": Path.mkdir,
        "large.toml": lambda p: p.write_bytes(b"#" * (2 << 20)),
        "missing.toml": bool,
        "pyproject.toml": lambda p: p.write_bytes(b"[tool.other]\n"),
    }.items():
        make(tmp_path / name)
        with pytest.raises(SettingsError, match=name):
            load(tmp_path / name, named=True)


def test_found_upwards_to_the_root_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".mlskill.toml").write_text("advice = true", encoding="utf-8")
    repository = tmp_path / "a"
    inner = repository / "b" / "c"
    inner.mkdir(parents=True)
    assert project(inner).file == str(tmp_path / ".mlskill.toml")
    assert project(inner).root == str(tmp_path)
    (repository / ".git").mkdir()
    assert project(inner).file == ""
    assert project(inner).root == str(repository)
    (repository / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    assert project(inner).file == ""
    (repository / "pyproject.toml").write_text("[tool.mlskill]\n", encoding="utf-8")
    assert project(inner).file == str(repository / "pyproject.toml")
    (repository / ".mlskill.toml").touch()
    assert project(inner).file == str(repository / ".mlskill.toml")


def test_what_came_with_a_skill_does_not_speak(tmp_path: Path) -> None:
    skill = tmp_path / "stranger"
    (skill / "references").mkdir(parents=True)
    (skill / "SKILL.md").touch()
    for folder in (skill, skill / "references"):
        (folder / ".mlskill.toml").write_text("ignore = ['links']", encoding="utf-8")
    for folder in (skill, skill / "references"):
        assert project(folder).file == ""
        assert project(folder).passed == str(folder / ".mlskill.toml")
    (tmp_path / ".mlskill.toml").touch()
    assert project(skill).file == str(tmp_path / ".mlskill.toml")
    (tmp_path / ".git").mkdir()
    assert project(skill).file == str(tmp_path / ".mlskill.toml")
    (skill / ".git").mkdir()  # a repository that is a skill: one works on it
    assert project(skill).file == str(skill / ".mlskill.toml")


def test_without_any_there_are_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / ".mlskill.toml"
    file.touch()
    made = load(file)
    assert made == Settings(str(file), str(tmp_path))
    assert made.ignores(finding("a.md")) == ""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root's rights")
def test_a_folder_of_somebody_else_does_not_speak(tmp_path: Path) -> None:
    (tmp_path / ".mlskill.toml").write_text("ignore = ['links']", encoding="utf-8")
    mine = tmp_path / "mine"
    mine.mkdir()
    assert project(mine).file
    os.chown(tmp_path, 12345, 12345)
    assert project(mine).file == ""


def test_what_the_readme_shows_can_be_set(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    file = tmp_path / ".mlskill.toml"
    file.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    made = load(file)
    assert made.severity == {"links": "error"}
    assert made.per_path == {"examples/*": ("text",)}
