"""What the tests of runtimes share: our skill packed three ways, in the folder where they run.

Each file has a `recipe`: what a user types, with the skill at the path it has here. The README's
recipes are made of these functions.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mlskill import load, pack
from mlskill.packer import write

Tree = dict[str, str]

# The tests speak to nobody but themselves.
for _name, _value in (
    ("AGNO_TELEMETRY", "false"),
    ("CREWAI_DISABLE_TELEMETRY", "true"),
    ("HAYSTACK_TELEMETRY_ENABLED", "False"),
    ("LANGSMITH_TRACING", "false"),
    ("OTEL_SDK_DISABLED", "true"),
):
    os.environ.setdefault(_name, _value)


@pytest.fixture(scope="session")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`skills/` as it is, `references/` flat, `modules/` one skill for each module."""
    base = tmp_path_factory.mktemp("packs")
    skill = load(contents=True)
    write(pack(skill), base / "skills" / "ml-engineer")
    write(pack(skill, layout="references"), base / "references" / "ml-engineer")
    write(pack(skill, split=True), base / "modules")
    for record in (*base.glob("*.sha256"), *base.glob("*/*.sha256")):
        record.unlink()
    return base


@pytest.fixture(autouse=True)
def here(packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(packs)


def pages(folder: Path) -> Tree:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*.md"))
        if path.name != "SKILL.md"
    }


@pytest.fixture
def tree(packs: Path) -> Tree:
    """Every page but SKILL.md by path: ten modules, the playbook, the versions."""
    found = pages(packs / "skills" / "ml-engineer")
    assert len(found) == 12
    return found


@pytest.fixture
def flat(packs: Path) -> Tree:
    """The same in the layout `references`."""
    found = pages(packs / "references" / "ml-engineer")
    assert len(found) == 12
    return found


@pytest.fixture
def modules(packs: Path) -> Tree:
    """By name: what SKILL.md says in each skill of the split."""
    found = {path.parent.name: path.read_text("utf-8") for path in packs.glob("modules/*/SKILL.md")}
    assert len(found) == 12
    return found


@pytest.fixture
def description(packs: Path) -> str:
    return load(packs / "skills" / "ml-engineer").description


@pytest.fixture
def same() -> Callable[[str, str], None]:
    """`same(seen, page)`: a model that saw `seen` saw each line of the page, in order."""

    def compare(seen: str, page: str) -> None:
        at = 0
        for line in re.sub(r"\A---\n.*?\n---\n", "", page, flags=re.DOTALL).split("\n"):
            # White space at the ends is stripped, and line numbers stand before the lines.
            found = seen.find(line.strip(), at)
            assert found != -1, f"not seen: {line}"
            at = found + len(line.strip())

    return compare
