"""discover: which skills are found below a path, in which order, and what is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlskill.errors import MissingPathError, NotASkillError
from mlskill.model import Limits
from mlskill.reader import Found, discover, read

posix = pytest.mark.skipif(os.name != "posix", reason="such names and files exist on POSIX only")


def plant(root: Path, paths: list[str]) -> Path:
    for name in paths:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("---\n---\n")
    return root


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def all_of(found: Found) -> tuple[list[str], list[tuple[str, str]]]:
    roots = list(found)
    assert found.complete == all(f.rule != "limit-reached" for f in found.faults)
    assert all(f.message.isprintable() and f.path.isprintable() for f in found.faults)
    return roots, [(fault.rule, fault.path) for fault in found.faults]


def test_where_skills_are_found(here: Path) -> None:
    plant(
        here,
        [
            "b/SKILL.md",
            "b/inner/SKILL.md",  # belongs to the one above it
            "a/x/y/SKILL.md",
            "a-b/SKILL.md",
            ".claude/skills/c/SKILL.md",
            ".agents/skills/d/SKILL.md",
            "docs/skill-guide.md",
            "odd/SKILL.md/README.md",  # a folder of that name makes no skill
            *(f"{name}/s/SKILL.md" for name in (".git", ".hg", ".svn", "node_modules")),
            *(f"a/{name}/s/SKILL.md" for name in ("__pycache__", ".venv", ".tox", ".ruff_cache")),
            "env/pyvenv.cfg",
            "env/lib/s/SKILL.md",
            "packed.zip",
        ],
    )
    roots, faults = all_of(discover("."))
    assert roots == [".agents/skills/d", ".claude/skills/c", "a-b", "a/x/y", "b"]
    assert faults == []
    assert all_of(discover(here / "a")) == ([(here / "a/x/y").as_posix()], [])
    assert all_of(discover("b/inner/"))[0] == ["b/inner"]
    assert all_of(discover("docs")) == ([], [])
    assert [read(root).root for root in roots] == roots


def test_a_path_that_is_a_skill_is_the_one_found(here: Path) -> None:
    plant(here, ["a/SKILL.md", "a/b/SKILL.md", "c.zip", "d.skill", "e.txt"])
    for path in ("a", "a/SKILL.md", "c.zip", "d.skill"):
        assert all_of(discover(path)) == ([path], [])
    assert all_of(discover("./a/")) == (["a"], [])
    with pytest.raises(MissingPathError):
        discover("none")
    with pytest.raises(NotASkillError, match="neither"):
        discover("e.txt")


@posix
def test_another_case_counts_if_it_opens_with_a_fence(here: Path) -> None:
    plant(here, ["a/skill.md", "b/skill.md", "c/skill.md"])
    (here / "b/skill.md").write_text("# How to write a skill\n")
    (here / "c/skill.md").write_bytes(b"\xef\xbb\xbf---\nname: c\n---\n")
    assert all_of(discover(".")) == (["a", "c"], [])


@posix
def test_links(here: Path) -> None:
    plant(here, ["in/a/SKILL.md", "out/b/SKILL.md", "out/plain/x.md"])
    for name, target in {
        "again": "a",
        "cycle": "..",
        "self": ".",
        "b": "../out/b",
        "plain": "../out/plain",
        "root": "/",
        "dangling": "none",
        "b\n": "../out/b",
    }.items():
        (here / "in" / name).symlink_to(target)
    (here / "in" / "linked").mkdir()
    (here / "in" / "linked" / "SKILL.md").symlink_to("../a/SKILL.md")
    roots, faults = all_of(discover("in"))
    assert roots == ["in/a", "in/linked"]
    assert faults == [("symlink-escapes", "in/b"), ("symlink-escapes", "in/b\\u000a")]
    (here / "named").symlink_to("in")
    assert list(discover("named")) == ["named/a", "named/linked"]


@posix
def test_a_skill_file_that_cannot_be_read_is_found_and_told(here: Path) -> None:
    (here / "a").mkdir()
    os.mkfifo(here / "a" / "SKILL.md")
    assert list(discover(".")) == ["a"]
    assert [f.rule for f in read("a").faults] == ["file-not-regular"]


@posix
def test_names_that_are_not_text(here: Path) -> None:
    plant(here, ["caf\udce9\n/SKILL.md", "caf\udce9\n/a.md"])
    (root,) = discover(here)
    sources = read(root)
    for text in (sources.root, sources.location):
        assert "caf\\xe9" in text
        text.encode()
    (Path(root) / "SKILL.md").unlink()
    with pytest.raises(NotASkillError) as caught:
        read(root)
    assert str(caught.value).isprintable()


def test_what_cannot_be_opened_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(here, ["a/SKILL.md", "b/SKILL.md"])
    real = os.scandir

    def refusing(folder: int) -> object:
        if os.path.samestat(os.fstat(folder), Path("a").stat()):
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    assert all_of(discover(".")) == (["b"], [("file-unreadable", "a")])


def test_limits(here: Path) -> None:
    plant(here, [f"{name}/SKILL.md" for name in ("a", "b", "c", "d/d", "e/e/e", "f/f/f")])
    roots, faults = all_of(discover(".", limits=Limits(skills=2)))
    assert (roots, faults) == (["a", "b"], [("limit-reached", "c")])
    roots, faults = all_of(discover(".", limits=Limits(skills=6)))
    assert (len(roots), faults) == (6, [])
    roots, faults = all_of(discover(".", limits=Limits(depth=2)))
    assert (roots, faults) == (["a", "b", "c", "d/d"], [("limit-reached", "e/e/e")])
    roots, faults = all_of(discover(".", limits=Limits(depth=0)))
    assert (roots, faults) == ([], [("limit-reached", "a")])


def test_it_is_lazy(here: Path) -> None:
    plant(here, ["a/SKILL.md", "b/SKILL.md"])
    found = discover(".")
    assert next(found) == "a"
    plant(here, ["b/c/SKILL.md"])
    (here / "b/SKILL.md").unlink()
    assert list(found) == ["b/c"]


NAMES = st.sampled_from(["a", "a-b", "b", "A", ".c", "a b"])


@given(st.sets(st.lists(NAMES, min_size=1, max_size=4).map("/".join), max_size=8))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sorted_and_none_below_another(
    tmp_path_factory: pytest.TempPathFactory, folders: set[str]
) -> None:
    top = plant(tmp_path_factory.mktemp("t"), [f"{folder}/SKILL.md" for folder in folders])
    found = [root.removeprefix(f"{top.as_posix()}/") for root in discover(top)]
    outer = [f for f in folders if not any(f.startswith(f"{other}/") for other in folders)]
    assert found == sorted(outer)
