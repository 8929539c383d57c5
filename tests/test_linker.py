"""Linker: the tree follows the links, loses no document and invents none."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlskill.linker import candidates, resolve, role
from mlskill.loader import loads

PATHS = {
    ("a.md", "b.md"): "b.md",
    ("x/a.md", "../b.md"): "b.md",
    ("x/a.md", "./b.md"): "x/b.md",
    ("x/a.md", "."): "x",
    ("a.md", "../b.md"): None,
    ("x/a.md", "../../b.md"): None,
    ("x/a.md", "../.."): None,
    ("a.md", "/b.md"): None,
    ("a.md", "x\\b.md"): None,
    ("a.md", "b\0.md"): None,
    ("a.md", "x//b.md"): "x/b.md",
    ("a.md", "x/" * 3000 + "b.md"): None,
}


@pytest.mark.parametrize(("at", "expected"), PATHS.items(), ids=[str(at)[:40] for at in PATHS])
def test_resolve(at: tuple[str, str], expected: str | None) -> None:
    assert resolve(*at) == expected


def test_a_path_means_first_its_folder_then_the_root() -> None:
    assert list(candidates("x/a.md", "x/b.md")) == ["x/x/b.md", "x/b.md"]


@given(st.text("ab./\\%\0é"), st.text("ab./\\%\0é"))
def test_no_target_leaves_the_root(path: str, target: str) -> None:
    found = resolve(path.strip("/"), target)
    if found is not None and target:
        assert not found.startswith(("/", "..")) or found.startswith("...") or found[2:3] not in "/"


def test_reading_order_is_that_of_the_links() -> None:
    skill = loads(
        {
            "SKILL.md": "[b](b.md) `x/c.md` [gone](no.md) [b again](b.md)",
            "b.md": "[d](x/d.md) [c](x/c.md)",
            "x/c.md": "",
            "x/d.md": "[home](../SKILL.md)",
            "lone.md": "[lone](lone.md)",
            "a.png": "",
        }
    )
    order = [document.path for document in skill.documents]
    assert order == ["SKILL.md", "b.md", "x/d.md", "x/c.md", "lone.md"]
    assert skill.parents == {"b.md": "SKILL.md", "x/c.md": "SKILL.md", "x/d.md": "b.md"}
    assert [(e.source, e.target) for e in skill.edges if e.source == "b.md"] == [
        ("b.md", "x/d.md"),
        ("b.md", "x/c.md"),
    ]


def test_a_link_to_a_folder_leads_to_its_pages() -> None:
    skill = loads({"SKILL.md": "[all](refs/)", "refs/a.md": "", "refs/b.md": "", "refs/x/c.md": ""})
    assert [e.target for e in skill.edges] == ["refs/a.md", "refs/b.md"]


def test_nested_skills_have_their_own_root() -> None:
    skill = loads(
        {
            "SKILL.md": "[in](sub/in/SKILL.md) [a](sub/in/refs/a.md)",
            "sub/in/SKILL.md": "[a](refs/a.md) [up](../../top.md)",
            "sub/in/refs/a.md": "",
            "sub/in/deep/SKILL.md": "",
            "top.md": "",
        }
    )
    assert [(s.root, s.prefix, [d.path for d in s.documents]) for s in skill.walk()] == [
        ("skill", "", ["SKILL.md", "top.md"]),
        ("skill/sub/in", "sub/in/", ["SKILL.md", "refs/a.md"]),
        ("skill/sub/in/deep", "deep/", ["SKILL.md"]),
    ]
    assert "sub/in/deep/SKILL.md" in skill.by_path
    assert [e.target for e in skill.edges] == ["sub/in/SKILL.md", "sub/in/refs/a.md"]
    assert [e.target for e in skill.skills[0].edges] == ["refs/a.md"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("SKILL.md", "root"),
        ("sub-skills/a.md", "module"),
        ("guide.md", "module"),
        ("resources/a.md", "resource"),
        ("references/x/y.md", "resource"),
        ("scripts/a.md", "script"),
        ("tool.py", "script"),
        ("assets/a.py", "asset"),
        ("logo.png", "asset"),
    ],
)
def test_role(path: str, expected: str) -> None:
    assert role(path) == expected


def test_an_outer_skill_is_found_first_whatever_its_folders_are_called() -> None:
    skill = loads({"SKILL.md": "", "a/SKILL.md": "", "a/A/SKILL.md": ""})
    assert [s.root for s in skill.walk()] == ["skill", "skill/a", "skill/a/A"]


NAMES = st.lists(
    st.sampled_from(
        [
            "a.md",
            "b.md",
            "x/A/SKILL.md",
            "x/a.md",
            "x/y/b.md",
            "x/SKILL.md",
            "x/y/SKILL.md",
            "c.txt",
        ]
    ),
    unique=True,
)


@given(NAMES, st.randoms())
def test_no_document_is_lost_or_invented(names: list[str], random) -> None:  # type: ignore
    files = {}
    for name in ["SKILL.md", *names]:
        links = random.sample(names, random.randint(0, len(names))) if names else []
        files[name] = " ".join(
            f"[x]({posixpath.relpath(other, posixpath.dirname(name) or '.')})" for other in links
        )
    skill = loads(files)
    placed: list[str] = []

    def collect(node, prefix: str) -> None:  # type: ignore
        placed.extend(prefix + document.path for document in node.documents)
        placed.extend(prefix + asset.path for asset in node.assets)
        assert node.documents[0].path == "SKILL.md"
        for inner in node.skills:
            collect(inner, prefix + inner.prefix)

    collect(skill, "")
    assert sorted(placed) == sorted(files)
    again = loads(dict(reversed(files.items())))
    assert again == skill
