"""Skills with one fault each, found at its place; and look-alikes, of which none is accused."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlskill.loader import load
from mlskill.model import Finding, Place, Source
from mlskill.rules import RULES
from mlskill.validator import validate

DATA = Path(__file__).parent / "data" / "matrix"
HEAD = "---\nname: pdf-tools\ndescription: Reads PDF files.\n---\n\n"
FAULTS, CLEAN = (
    yaml.safe_load((DATA / name).read_text("utf-8")) for name in ("faults.yaml", "clean.yaml")
)
ADVICE = {rule.id for rule in RULES.values() if rule.severity == "advice"}


def names(cases: list[dict[str, Any]]) -> list[str]:
    return [case["name"].replace(" ", "-") for case in cases]


def found(case: dict[str, Any], root: Path) -> tuple[list[Finding], dict[str, list[Place]]]:
    """What is found in the skill that `case` describes, and the places that it marks."""
    text = case["text"] if "text" in case else HEAD + case["body"]
    if case.get("split"):  # so that no scanner takes this file's key for a real one
        text = text.replace("+", "")
    marked: dict[str, list[Place]] = {}
    for path, content in {"SKILL.md": text, **case.get("files", {})}.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            os.mkfifo(file) if "pipe" in content else file.symlink_to(content["link"])
            continue
        if file.exists():
            pytest.skip("this file system does not tell upper from lower case")
        plain, spans = unmarked(content)
        file.write_bytes(plain.encode(case.get("encoding", "utf-8")))
        source = Source(path, b"", lines(plain))
        marked[path] = [source.place(*span) for span in spans]
    skill = load(root)
    inner = tuple(replace(one, root=one.prefix.rstrip("/")) for one in skill.skills)
    return [*validate(replace(skill, root="", skills=inner)).findings], marked


def lines(text: str) -> str:
    """`text` as its places are counted."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` without its ⟦brackets⟧, and the places that they enclosed."""
    parts = text.replace("⟧", "⟦").split("⟦")
    offsets = [len(lines("".join(parts[: number + 1]))) for number in range(len(parts))]
    return "".join(parts), [*zip(offsets[:-1:2], offsets[1::2], strict=True)]


@pytest.mark.parametrize("case", FAULTS, ids=names(FAULTS))
def test_the_fault_is_found_at_its_place(case: dict[str, Any], tmp_path: Path) -> None:
    findings, marked = found(case, tmp_path / "pdf-tools")
    rule = case["rule"]
    wanted = [(rule, place) for places in marked.values() for place in places]
    if not wanted:
        wanted = [(rule, Place(case["at"], 1, 1, 1, 1))]
    got = [
        (f.rule, Place(f.path, f.line, f.column, f.end_line, f.end_column))
        for f in findings
        if f.rule != case.get("also")
    ]
    assert sorted(got, key=str) == sorted(wanted, key=str)
    assert case.get("message", "") in findings[0].message


@pytest.mark.parametrize("case", CLEAN, ids=names(CLEAN))
def test_nobody_is_accused_wrongly(case: dict[str, Any], tmp_path: Path) -> None:
    findings, _ = found(case, tmp_path / "pdf-tools")
    assert findings == []


def test_the_matrix_has_its_size_and_every_rule_that_reads_text() -> None:
    assert len(FAULTS) >= 110
    assert len(CLEAN) >= 110
    by_page = {"archive-unsafe", "file-unreadable", "skill-file-case", "limit-reached"}
    by_page |= {"description-too-long", "allow-without-reason", "allow-unused"}
    assert {case["rule"] for case in FAULTS} | by_page | ADVICE == set(RULES)
