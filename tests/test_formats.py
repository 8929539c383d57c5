"""Formats: what a person, a program and GitHub read; inert whatever a skill contains."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlskill
from mlskill.formats import FORMATS
from mlskill.formats.text import excerpt, width
from mlskill.model import Finding, Report

SAMPLE = Report(
    (
        Finding("name-missing", "error", "a/SKILL.md", 1, 1, 3, 4, "no name", "---"),
        Finding("link-target-missing", "error", "a/SKILL.md", 7, 5, 7, 14, "b.md is not there; "
                "did you mean c.md?", "see [b](b.md)"),
        Finding("text-bidi-control", "warning", "a/字.md", 2, 3, 2, 4, "U+202E", "字\t\u202exyz"),
        Finding("skill-too-long", "advice", "a/SKILL.md", 1, 1, 1, 1, "501 lines, 100 %", ""),
    ),
    skills=1,
    documents=2,
)  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_golden(name: str, golden) -> None:  # type: ignore[no-untyped-def]
    golden(f"formats/{name}.txt", FORMATS[name](SAMPLE))


def test_colour_only_when_asked() -> None:
    assert "\x1b[" in FORMATS["text"](SAMPLE, color=True)
    plain = re.sub(r"\x1b\[[\d;]*m", "", FORMATS["text"](SAMPLE, color=True))
    assert plain == FORMATS["text"](SAMPLE)


def test_nothing_found_is_said() -> None:
    assert (
        FORMATS["text"](Report(skills=2, documents=5)) == "no findings in 2 skills, 5 documents\n"
    )
    partial = FORMATS["text"](Report(skills=1, documents=1, complete=False))
    assert partial.endswith("not all of it was read: a limit was reached\n")


def test_a_long_line_is_cut_around_the_fault() -> None:
    line = "a" * 500_000 + "FAULT" + "b" * 500_000
    shown, carets = excerpt(Finding("r", "error", "p", 1, 500_001, 1, 500_006, "m", line))
    assert len(shown) < 200
    assert shown[carets.index("^") : len(carets)] == "FAULT"


def test_carets_stand_under_the_fault() -> None:
    shown, carets = excerpt(Finding("r", "error", "p", 1, 4, 1, 5, "m", "字\té!"))
    assert (shown, carets) == ("字    é!", "       ^")
    assert width(shown[: shown.index("!")]) == len(carets) - 1


HOSTILE = st.text(
    st.sampled_from(
        "a:::##[%,\n\r\t\x1b\x07\x9b\u202e\u2066\u200b\u2028\U000e0041#[]()<>\ud800é字🧠 "
    ),
    max_size=30,
)
FINDINGS = st.builds(
    Finding,
    rule=st.just("a-rule"),
    severity=st.sampled_from(["error", "warning", "advice"]),
    path=HOSTILE,
    line=st.integers(1, 9),
    column=st.integers(1, 40),
    end_line=st.integers(1, 9),
    end_column=st.integers(1, 40),
    message=HOSTILE,
    excerpt=HOSTILE.map(lambda text: text.replace("\n", "")),
)


@given(FINDINGS)
def test_output_is_inert(finding: Finding) -> None:
    for name, write in FORMATS.items():
        out = write(Report((finding,), 1, 1))
        out.encode()  # no lone surrogate
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028]", out)
        lines = out.split("\n")
        commands = [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
        assert len(commands) == (name == "github"), out
        assert name == "json" or len(lines) <= 5


def vars_of(finding: Finding) -> dict[str, object]:
    return {name: getattr(finding, name) for name in Finding.__slots__}


@given(FINDINGS)
def test_json_keeps_everything(finding: Finding) -> None:
    data = json.loads(FORMATS["json"](Report((finding,), 1, 1)))
    assert data["findings"] == [vars_of(finding)]


def test_schema_is_current_and_holds(request: pytest.FixtureRequest) -> None:
    from pydantic import TypeAdapter

    jsonschema = pytest.importorskip("jsonschema")
    schema = TypeAdapter(Report).json_schema(mode="serialization")
    schema["properties"] = {"version": {"const": 1}, **schema["properties"]}
    schema["required"] = ["version", "findings", "skills", "documents", "complete"]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "mlskill report"}
    text = json.dumps({**schema, **head}, indent=2, sort_keys=True) + "\n"
    path = Path(mlskill.__file__).parent / "formats" / "report.schema.json"
    if request.config.getoption("--update"):
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text, "run  pytest --update  and review git diff"
    jsonschema.validate(json.loads(FORMATS["json"](SAMPLE)), json.loads(text))
