"""Every stage of the library meets every attack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

import mlskill
from hostile import inert
from hostile.bounded import Stage, meets
from hostile.cases import CASES, Case
from mlskill.formats import FORMATS
from mlskill.hidden import visible
from mlskill.model import Report
from mlskill.rules import RULES
from mlskill.runner import Cache, Checks, check

EVERY = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

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


def _reported(case: Case) -> Stage:
    """Validate, twice by a cache, and write the report in every format."""

    def stage(path: Path) -> object:
        kept = Cache.at(str(path.parent / "kept"))
        report, again = (
            mlskill.merge(check([path], Checks("strict"), cache=kept)) for _ in range(2)
        )
        assert report == again
        found = {finding.rule for finding in report.findings}
        assert found.issuperset(case.finds), f"not found: {set(case.finds) - found}; {found}"
        if case.only:
            assert found <= set(case.finds), f"accused: {report.findings}"
        written = {}
        for name, fit in FIT.items():
            for color in (False, True) if name != "text" else (False,):
                written[name] = FORMATS[name](report, color=color)
                fit(written[name], report)
        return written

    return stage


@EVERY
def test_validate(case: Case, tmp_path: Path) -> None:
    meets(_reported(case), case, tmp_path)


def _rendered(path: Path) -> object:
    skill = mlskill.load(path)
    targets = [document.path for document in skill.documents[:3]]
    texts = [
        mlskill.render(skill, target, view=view, format=form)
        for target, view in [(None, "outline"), (None, "full"), *((t, "module") for t in targets)]
        for form in ("markdown", "xml")
    ]
    texts.append(mlskill.render(skill, query="thing text", budget=500))
    listed = mlskill.catalog([skill])
    assert [e.tag for e in ElementTree.fromstring(listed).iter()] == [
        *("available_skills", "skill", "name", "description", "location"),
    ]
    texts.append(listed)
    # What a terminal is shown of them.
    for text in texts:
        inert.lines("\n".join(map(visible, text[:2_000_000].split("\n"))).replace("##", ""))
        assert "1337" not in text
    return texts


@EVERY
def test_render(case: Case, tmp_path: Path) -> None:
    meets(_rendered, case, tmp_path)


def _outlined(path: Path) -> object:
    from mlskill.apps.cli.console import harmless
    from mlskill.formats.json import dump
    from mlskill.outline import text

    data = mlskill.tree(mlskill.load(path))
    shown, written = harmless(text(data, depth=6)), dump(data)
    inert.plain(shown)
    inert.as_json(written)
    return shown, written


@EVERY
def test_tree(case: Case, tmp_path: Path) -> None:
    meets(_outlined, case, tmp_path)


def _searched(path: Path) -> object:
    skill = mlskill.load(path)
    queries = ("thing", '" OR 1=1; DROP TABLE x --', "a* NEAR(b)", "\0\x1b", "x" * 10_000)
    return [[hit.snippet, hit.title] for q in queries for hit in mlskill.search(skill, q)]


@EVERY
def test_search(case: Case, tmp_path: Path) -> None:
    meets(_searched, case, tmp_path)


def _planned(path: Path) -> object:
    return str(mlskill.plan(mlskill.load(path, contents=True)))


@EVERY
def test_plan(case: Case, tmp_path: Path) -> None:
    """What `prove` would run is said without running anything."""
    meets(_planned, case, tmp_path)


def test_every_rule_named_by_a_case_exists() -> None:
    assert {rule for case in CASES.values() for rule in case.finds} <= set(RULES)
