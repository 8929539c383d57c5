"""Every stage of the library meets every attack, one after the other in one process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

import mlskill
from hostile import inert
from hostile.bounded import meets
from hostile.cases import CASES, Case
from mlskill.apps.cli.console import harmless
from mlskill.formats import FORMATS
from mlskill.formats.json import dump
from mlskill.hidden import visible
from mlskill.model import Report, Skill
from mlskill.outline import text as drawn
from mlskill.rules import RULES
from mlskill.runner import Cache, Checks, check

FIT: dict[str, Callable[[str, Report], object]] = {
    "text": lambda text, _: inert.plain(text),
    "github": lambda text, report: inert.github(text, len(report.findings)),
    "gitlab": lambda text, _: inert.as_json(text),
    "sarif": lambda text, _: inert.as_json(text),
    "json": lambda text, _: inert.as_json(text),
    "junit": lambda text, _: inert.as_xml(text),
    "markdown": lambda text, _: inert.as_markdown(text),
}


def test_every_format_is_looked_at() -> None:
    assert set(FIT) == set(FORMATS)


def test_every_rule_named_by_a_case_exists() -> None:
    assert {rule for case in CASES.values() for rule in case.finds} <= set(RULES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_stage(case: Case, tmp_path: Path) -> None:
    def stages(path: Path) -> object:
        said = [_validated(case, path)]
        skill = mlskill.load(path, contents=True)
        return [*said, _rendered(skill), _outlined(skill), _searched(skill), _planned(skill)]

    meets(stages, case, tmp_path, seconds=90)


def _validated(case: Case, path: Path) -> object:
    """Twice, the second time from a cache, and the report in every format."""
    kept = Cache.at(str(path.parent / "kept"))
    report, again = (mlskill.merge(check([path], Checks("strict"), cache=kept)) for _ in range(2))
    assert report == again
    found = {finding.rule for finding in report.findings}
    assert found.issuperset(case.finds), f"not found: {set(case.finds) - found}; {found}"
    if case.only:
        assert found <= set(case.finds), f"accused: {report.findings}"
    written = {name: FORMATS[name](report) for name in FIT}
    for name, fit in FIT.items():
        fit(written[name], report)
    return written


def _rendered(skill: Skill) -> object:
    """In every view, and what a terminal is shown of it."""
    targets = [document.path for document in skill.documents[:2]]
    texts = [
        mlskill.render(skill, target, view=view, format=form)
        for target, view in [(None, "outline"), (None, "full"), *((t, "module") for t in targets)]
        for form in ("markdown", "xml")
    ]
    texts.append(mlskill.render(skill, query="thing text", budget=500))
    texts.append(mlskill.catalog([skill]))
    tags = [element.tag for element in ElementTree.fromstring(texts[-1]).iter()]
    assert tags == ["available_skills", "skill", "name", "description", "location"]
    for text in texts:
        assert "8641969" not in text  # what a template would have made of 1234567*7
        inert.unseen("\n".join(map(visible, text[:200_000].split("\n"))))
    return texts


def _outlined(skill: Skill) -> object:
    data = mlskill.tree(skill)
    shown, written = harmless(drawn(data, depth=6)), dump(data)
    inert.plain(shown)
    inert.as_json(written)
    return shown, written


def _searched(skill: Skill) -> object:
    queries = ("thing", '" OR 1=1; DROP TABLE x --', "a* NEAR(b)", "\0\x1b", "x" * 10_000)
    return [[hit.snippet, hit.title] for q in queries for hit in mlskill.search(skill, q)]


def _planned(skill: Skill) -> object:
    """What `prove` would run is said without running anything."""
    return str(mlskill.plan(skill))
