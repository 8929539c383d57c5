"""Every stage of the library meets every attack, one after the other in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from mlskill.model import Report, Skill, Source
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


@pytest.fixture(scope="module", autouse=True)
def _warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the stages import and compile is theirs already in each process that meets an attack."""
    nothing = Case({"a.md": "# A\n\n[b](c.md) \U0001f600\n"})
    _stages(nothing, nothing.make(tmp_path_factory.mktemp("warm")))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_stage(case: Case, tmp_path: Path) -> None:
    meets(lambda path: _stages(case, path), case, tmp_path, seconds=45)


def _stages(case: Case, path: Path) -> object:
    skill = mlskill.load(path, limits=case.limits, contents=True)
    small = sum(len(source.raw) for source in _sources(skill)) < SMALL
    report = _checked(path, case) if small else _validated(skill)
    _speaks(case, report)
    said = [_written(report), _rendered(skill, both=small)]
    return [*said, _outlined(skill), _searched(skill), _planned(skill)]


SMALL = 200_000
"""Bytes of Markdown up to which a skill goes through every stage in all ways: most attacks."""


def test_as_much_as_is_read_by_default(tmp_path: Path) -> None:
    pages = {f"p{i}.md": "[a](b) `c` <d:e>\n\n" * 100_000 for i in range(36)}
    case = Case(pages, ("limit-reached",))
    meets(lambda path: _speaks(case, _validated(mlskill.load(path))), case, tmp_path)


def _sources(skill: Skill) -> Iterator[Source]:
    for one in skill.walk():
        yield from (document.source for document in one.documents)


def _checked(path: Path, case: Case) -> Report:
    """The report, made twice, the second time from a cache."""
    kept = Cache.at(str(path.parent / "kept"))
    report, again = (
        mlskill.merge(check([path], Checks("strict"), limits=case.limits, cache=kept))
        for _ in range(2)
    )
    assert report == again
    return report


def _validated(skill: Skill) -> Report:
    return mlskill.validate(skill, rules=Checks("strict").rules(), advice=True)


def _speaks(case: Case, report: Report) -> None:
    """The rules that must speak of an attack do, and where it is none, no others."""
    found = {finding.rule for finding in report.findings}
    assert found.issuperset(case.finds), f"not found: {set(case.finds) - found}; {found}"
    if case.only:
        assert found <= set(case.finds), f"accused: {report.findings}"


def _written(report: Report) -> object:
    """The report in every format."""
    written = {name: FORMATS[name](report) for name in FIT}
    for name, fit in FIT.items():
        fit(written[name], report)
    return written


def _rendered(skill: Skill, *, both: bool) -> object:
    """In every view, in one or both formats, and what a terminal is shown of it."""
    wanted = [("outline", None), ("full", None)]
    wanted += [("module", document.path) for document in skill.documents[:2]]
    forms = ("markdown", "xml")
    texts = [
        mlskill.render(skill, target, view=view, format=form)
        for number, (view, target) in enumerate(wanted)
        for form in (forms if both else forms[number % 2 :][:1])
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
