"""Real skills by other people: everything is done to each of them, and nothing raises.

Set ``MLSKILL_CORPUS`` to a folder of them (926 skills of six public collections were used).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mlskill import catalog, load, load_all, render, validate
from mlskill.fixer import fix
from mlskill.formats import FORMATS
from mlskill.loader import assemble
from mlskill.model import Skill
from mlskill.reader import decode, discover, read
from mlskill.validator import named

CORPUS = os.environ.get("MLSKILL_CORPUS", "")

pytestmark = pytest.mark.skipif(not CORPUS, reason="MLSKILL_CORPUS names no folder of skills")


@pytest.fixture(scope="module")
def skills() -> list[Skill]:
    return [inner for skill in load_all(CORPUS) for inner in skill.walk()]


def test_every_skill_is_found(skills: list[Skill]) -> None:
    files = [p for p in Path(CORPUS).rglob("SKILL.md") if p.is_file()]
    assert sorted(skill.location for skill in skills) == sorted(str(p.resolve()) for p in files)


def test_names_and_descriptions_are_the_references(skills: list[Skill]) -> None:
    reference = pytest.importorskip("skills_ref")
    compared = 0
    for skill in skills:
        try:
            theirs = reference.read_properties(Path(skill.location).parent)
        except Exception:  # it reads fewer files than we do
            continue
        compared += 1
        assert (skill.name, skill.description) == (theirs.name, theirs.description), skill.root
    assert compared > len(skills) / 2


def test_catalog_is_the_references(skills: list[Skill]) -> None:
    reference = pytest.importorskip("skills_ref")
    folders = [Path(skill.location).parent for skill in skills]
    valid = [folder for folder in folders if not problems(reference, folder)]
    assert len(valid) > len(folders) / 3
    assert catalog(load(folder) for folder in valid) == reference.to_prompt(valid)


def problems(reference, folder: Path) -> list[str]:  # type: ignore[no-untyped-def]
    try:
        return list(reference.validate(folder))
    except Exception as error:
        return [str(error)]


def views(skill: Skill) -> Iterator[str]:
    for form in ("markdown", "xml"):
        yield render(skill, format=form)
        yield render(skill, view="full", format=form)
    for document in skill.documents:
        yield render(skill, document.path)


def test_every_view_of_every_skill(skills: list[Skill]) -> None:
    for skill in skills:
        for text in views(skill):
            assert text.endswith("\n"), skill.root


def test_every_finding_has_its_place(skills: list[Skill]) -> None:
    for skill in skills:
        if skill.prefix:
            continue
        report = validate(skill)
        for finding in report.findings:
            path = Path(CORPUS) / Path(finding.path).relative_to(Path(CORPUS))
            if path.is_file() and path.suffix == ".md":
                lines = path.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n")
                line = lines.replace("\r", "\n").split("\n")[finding.line - 1]
                assert finding.excerpt in line or line in finding.excerpt, finding
                assert 1 <= finding.column <= len(line) + 1, finding
        for write in FORMATS.values():
            assert "\x1b" not in write(report)


def test_a_fix_of_a_real_skill_is_whole_and_breaks_nothing() -> None:
    for root in [*discover(CORPUS)][::8]:
        before = read(root)
        made = fix(before, validate)
        assert not [finding for finding in made.left.findings if finding.fix], root
        told = {(f.rule, f.path, f.message) for f in validate(assemble(before)).findings}
        assert {(f.rule, f.path, f.message) for f in made.left.findings} <= told, root
        after = {change.named: change.after for change in made.changes}
        sources = tuple(
            decode(source.path, after.get(named(before, source.path), source.raw))
            for source in before.sources
        )
        assert not fix(replace(before, sources=sources), validate).changes, root
