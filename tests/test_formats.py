"""Formats: what a person, a program and GitHub read; inert whatever a skill contains."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import TypeAdapter

import mlskill.formats
from mlskill import hidden
from mlskill.formats import FORMATS
from mlskill.formats.escape import cells, inert, width
from mlskill.loader import loads
from mlskill.model import Edit, Finding, Fix, Related, Report, Suppressed
from mlskill.schema import report_schema
from mlskill.validator import validate

SEED = Path(__file__).parent / "data" / "seed.md"
SCHEMA = Path(mlskill.formats.__file__).parent / "report.schema.json"

SAMPLE = Report(
    (
        Finding("name-missing", "error", "a/SKILL.md", 1, 1, 1, 4, "there is no name", "---"),
        Finding("link-target-missing", "warning", "a/SKILL.md", 7, 5, 7, 14, "b.md does not exist; "
                "did you mean c.md?", "see [b](b.md)"),
        Finding("fence-unclosed", "warning", "a/SKILL.md", 9, 3, 12, 1, "ends late", "> ```text"),
        Finding("text-bidi-control", "warning", "a/字.md", 2, 3, 2, 4, "U+202E", "字\t\u202exyz"),
        Finding("document-unreachable", "warning", "a/b,c.md", 1, 1, 1, 1, "50 % of it", "# B"),
        Finding("file-bom", "warning", "a/d.md", 1, 1, 1, 1, "a mark", "# D",
                fix=Fix(save="without-bom")),
        Finding("text-mojibake", "warning", "a/d.md", 2, 1, 2, 3, "write é", "Ã©",
                fix=Fix((Edit(2, 1, 2, 3, "é"), Edit(3, 1, 4, 1, "")))),
        Finding("skill-too-long", "advice", "a/SKILL.md", 501, 1, 501, 2, "501 lines", "x"),
        Finding("frontmatter-duplicate-key", "error", "a/SKILL.md", 4, 1, 4, 5, "stands already",
                "name: b", (Related("a/SKILL.md", 2, 1, 2, 5, "it stands first here"),)),
    ),
    skills=1,
    documents=2,
    complete=False,
    suppressed=(
        Suppressed(Finding("name-missing", "error", "b/SKILL.md", 1, 1, 1, 4, "there is no name",
                           "---"), "comment", "a page --> for tests"),
        Suppressed(Finding("file-bom", "warning", "c/SKILL.md", 1, 1, 1, 1, "a mark", "---"),
                   "baseline", ".mlskill-baseline.json"),
    ),
    fixed=(Finding("file-line-ends", "warning", "a/e.md", 1, 1, 1, 1, "mixed", "# E"),),
)  # fmt: skip


@pytest.fixture
def no_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may be written anew, or a version, without a golden file that changes."""
    monkeypatch.setattr("mlskill.formats.sarif.explain", "# {}\n".format)
    monkeypatch.setattr("mlskill.formats.sarif.version", lambda _: "1.2.3")


@pytest.mark.usefixtures("no_pages")
@pytest.mark.parametrize("name", FORMATS)
def test_golden(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"formats/{name}.txt", FORMATS[name](SAMPLE))


@pytest.mark.usefixtures("no_pages")
@pytest.mark.parametrize("name", FORMATS)
def test_golden_seed(name: str, golden: Callable[[str, str], None]) -> None:
    report = validate(loads({"SKILL.md": SEED.read_bytes()}, root="ml-engineer"))
    golden(f"formats/seed.{name}.txt", FORMATS[name](report))


def test_colour_only_when_asked() -> None:
    coloured = FORMATS["text"](SAMPLE, color=True)
    assert "\x1b[31merror\x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == FORMATS["text"](SAMPLE)
    for name in ("github", "json"):
        assert FORMATS[name](SAMPLE, color=True) == FORMATS[name](SAMPLE)


@pytest.mark.parametrize(
    ("report", "summary"),
    [
        (Report(skills=2, documents=5), "nothing found in 2 skills, 5 documents"),
        (Report(skills=1000, documents=1), "nothing found in 1,000 skills, 1 document"),
        (
            Report(SAMPLE.findings[2:3], 1, 1, complete=False),
            "1 warning in 1 skill, 1 document; a limit was reached, not all of it was read",
        ),
    ],
)
def test_summary(report: Report, summary: str) -> None:
    assert FORMATS["text"](report).endswith(f"{summary}\n")
    assert FORMATS["github"](report).endswith(f"{summary}\n")


def pointed(finding: Finding) -> str:
    """What the carets of a finding stand under."""
    _, line, carets = FORMATS["text"](Report((finding,))).split("\n")[:3]
    first, last = carets.index("^"), len(carets)
    at, shown = 0, ""
    for char in line:
        if first <= at < last:
            shown += char
        at += width(char)
    assert set(carets) <= set(" |^")
    return shown


@pytest.mark.parametrize(
    ("line", "start", "end", "shown"),
    [
        ("see [b](b.md) there", 4, 13, "[b](b.md)"),
        ("日本 [b](b.md)", 3, 12, "[b](b.md)"),
        ("\t\t日[b](b.md)\t", 3, 12, "[b](b.md)"),
        ("e\u0301 \x1b[b](b.md)", 4, 13, "[b](b.md)"),
        ("a\u202eb", 1, 2, r"\u202e"),
        ("a" * 500_000 + "FAULT" + "b" * 500_000, 500_000, 500_005, "FAULT"),
        ("字" * 180 + "FAULT" + "字" * 180, 180, 185, "FAULT"),
        ("##[error]", 2, 3, "["),
        ("ab", 2, 2, ""),
    ],
)
def test_carets_stand_under_the_place(line: str, start: int, end: int, shown: str) -> None:
    finding = Finding("r", "error", "p", 2, start + 1, 2, end + 1, "m")
    first = finding.excerpt_column - 1
    finding = Finding("r", "error", "p", 2, start + 1, 2, end + 1, "m", line[first : first + 400])
    assert pointed(finding) == shown
    assert all(width(line) < 130 for line in FORMATS["text"](Report((finding,))).split("\n"))


def test_github_encodes_what_would_end_a_property() -> None:
    finding = Finding("r", "advice", "a,b:c%.md", 1, 2, 1, 3, "50 %, really: yes\n::error::no")
    assert FORMATS["github"](Report((finding,))).splitlines()[0] == (
        "::notice file=a%2Cb%3Ac%25.md,line=1,endLine=1,col=2,endColumn=3,title=r"
        r"::50 %25, really: yes\x0a::error::no"
    )


def test_schema_is_current_and_holds(request: pytest.FixtureRequest) -> None:
    text = json.dumps(report_schema(), indent=2) + "\n"
    if request.config.getoption("--update"):
        SCHEMA.write_text(text, encoding="utf-8")
    hint = "run  pytest --update  and review git diff"
    assert SCHEMA.read_text(encoding="utf-8") == text, hint
    schema = json.loads(text)
    for report in (SAMPLE, Report()):
        jsonschema.validate(json.loads(FORMATS["json"](report)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": 2, **asdict(SAMPLE)}, schema)


def test_sarif_names_files_rules_and_places() -> None:
    run = json.loads(FORMATS["sarif"](SAMPLE))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[r["ruleIndex"]]["id"] for r in run["results"]] == [
        r["ruleId"] for r in run["results"]
    ]
    told = {finding.rule for finding in SAMPLE.findings}
    told |= {one.finding.rule for one in SAMPLE.suppressed}
    assert [rule["id"] for rule in rules] == sorted(told)
    assert all(rule["help"]["markdown"].startswith(f"# {rule['id']}\n") for rule in rules)
    uris = [
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]
    ]
    assert {"a/%E5%AD%97.md", "a/b%2Cc.md"} < set(uris)
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": False}]


def test_a_message_of_sarif_holds_no_link() -> None:
    finding = Finding("r", "error", "p", 1, 1, 1, 1, "[click](https://a.b) [this](1)")
    result = json.loads(FORMATS["sarif"](Report((finding,))))["runs"][0]["results"][0]
    assert result["message"]["text"] == "[click] (https://a.b) [this] (1)"


@pytest.mark.parametrize("format_", ["sarif", "gitlab"])
def test_a_fingerprint_stays_when_lines_are_added_above(format_: str) -> None:
    def marks(first: int) -> set[str]:
        findings = [
            Finding("r", "error", "a.md", first + n, 1, first + n, 2, "m", text)
            for n, text in enumerate(["one", "two", "one"])
        ]
        return set(re.findall(r"[0-9a-f]{32}:\d+", FORMATS[format_](Report(tuple(findings)))))

    assert len(marks(1)) == 3
    assert marks(1) == marks(50)


def test_paths_are_as_from_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("a/b.md", "./a/b.md", f"{tmp_path}/a/b.md"):
        report = Report((Finding("r", "error", path, 3, 1, 3, 1, "m"),))
        assert json.loads(FORMATS["gitlab"](report))[0]["location"] == {
            "path": "a/b.md",
            "lines": {"begin": 3},
        }
        assert FORMATS["github"](report).startswith("::error file=a/b.md,line=3,")


def test_markdown_shows_errors_first_and_not_all() -> None:
    advice = [Finding("r", "advice", "p", n, 1, n, 1, "m") for n in range(1, 600)]
    error = Finding("worst", "error", "p", 700, 1, 700, 1, "m")
    text = FORMATS["markdown"](Report((*advice, error)))
    rows = [line for line in text.split("\n") if line.startswith("| ")][2:]
    assert rows[0].startswith("| error | <code>worst")
    assert len(rows) == 500
    assert "100 more are not shown." in text


def test_a_summary_of_a_job_fits_what_github_takes() -> None:
    long = [
        Finding("r", "error", f"{'字' * 4000}{n}", n, 1, n, 1, "字" * 500) for n in range(1, 600)
    ]
    text = FORMATS["markdown"](Report(tuple(long)))
    assert len(text.encode()) < 1 << 20
    assert re.search(r"\n\d+ more are not shown\.", text)


def test_sarif_has_no_more_results_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlskill.formats.sarif.MOST", 2)
    run = json.loads(FORMATS["sarif"](SAMPLE))["runs"][0]
    assert len(run["results"]) == 2
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert notes[0]["message"]["text"].endswith(" more results are not in this file")


def test_sarif_says_what_mends_a_finding() -> None:
    results = json.loads(FORMATS["sarif"](SAMPLE))["runs"][0]["results"]
    fixes = [result["fixes"][0]["artifactChanges"][0] for result in results if "fixes" in result]
    assert [change["artifactLocation"]["uri"] for change in fixes] == ["a/d.md"] * 2
    assert fixes[0]["replacements"] == [{"deletedRegion": {"byteOffset": 0, "byteLength": 3}}]
    assert [one["insertedContent"]["text"] for one in fixes[1]["replacements"]] == ["é", ""]


ALPHABET = (
    "a:::##[%,;|^\\\n\r\t\x00\x1b\x07\x7f\x85\x9b\u202e\u2066\u200f\u200b\u200d\u2028\ufeff\ufe0f"
)
HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(
            [*ALPHABET, "\U000e0041", "\U0001f3f4", "\ud800", "é", "e\u0301", "字", "🧠"]
        ),
        st.sampled_from(
            ["::error::", "##vso[", "##[error]", "\x1b[2J", "\x1b]8;;", "שלום", "👩‍💻"]
        ),
        st.characters(),
    ),
    max_size=20,
).map("".join)
PLACES = st.integers(1, 30)
FINDINGS = st.builds(
    Finding,
    rule=HOSTILE,
    severity=st.sampled_from(["error", "warning", "advice"]),
    path=HOSTILE,
    line=PLACES,
    column=PLACES,
    end_line=PLACES,
    end_column=PLACES,
    message=HOSTILE,
    excerpt=HOSTILE.map(lambda text: text.replace("\n", "")),
    fix=st.one_of(
        st.none(),
        st.builds(Fix, st.just(()), st.sampled_from(["without-bom", "lf", "utf-8"])),
        st.builds(Fix, st.tuples(st.builds(Edit, PLACES, PLACES, PLACES, PLACES, HOSTILE))),
    ),
)
SUPPRESSED = st.builds(
    Suppressed,
    FINDINGS,
    st.sampled_from(["comment", "settings", "baseline", "unchanged"]),
    HOSTILE.map("why {}".format),
)
REPORTS = st.builds(
    Report,
    st.lists(FINDINGS, max_size=3).map(tuple),
    PLACES,
    PLACES,
    st.booleans(),
    suppressed=st.lists(SUPPRESSED, max_size=2).map(tuple),
    fixed=st.lists(FINDINGS, max_size=1).map(tuple),
)


def acts(char: str) -> bool:
    """Whether a terminal or a reader of lines would act on `char`, whatever stands around it."""
    return unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") or char in "\u202d\u202e"


@given(REPORTS)
@example(Report((Finding("r", "error", "::error::x", 1, 1, 1, 1, "m"),)))
@example(Report((Finding("r", "error", " \u200b::x", 1, 1, 1, 1, "##vso[x]", "##teamcity[x]"),)))
def test_output_is_inert(report: Report) -> None:
    for name, write in FORMATS.items():
        text = write(report)
        text.encode()  # no lone surrogate
        assert text.endswith("\n")
        lines = text.split("\n")
        # GitHub trims a line before it looks for a command; others look for theirs anywhere.
        commands = [line for line in lines if line.strip().startswith("::")]
        assert len(commands) == (len(report.findings) if name == "github" else 0)
        assert not re.search(r"##[A-Za-z]*\[", text)
        for line in lines:
            assert not any(hidden.unseen(line)[1:])
            assert not any(acts(char) for char in line)
        if name == "text":
            assert len(lines) <= 2 + 3 * len(report.findings) + len(report.fixed)


@given(REPORTS)
def test_json_keeps_everything(report: Report) -> None:
    text = FORMATS["json"](report)
    assert text.isascii()
    data = json.loads(text)
    assert data.pop("version") == 1
    whole = asdict(report)
    del whole["allows"], whole["claims"]
    assert data == json.loads(json.dumps(whole))
    if "\ud800" not in repr(report) and not re.search(r"\\ud[89a-f]", text):
        assert TypeAdapter(Report).validate_python(data) == report


@given(HOSTILE)
def test_escaping_is_done_once_and_shows_everything(text: str) -> None:
    once = hidden.visible(text)
    assert hidden.visible(once) == once
    assert inert(inert(text)) == inert(text)
    shown = cells(text)
    assert len(shown) == len(text)
    assert all(shown)
    assert "".join(shown).replace(r"#\x23", "##") == once.replace("\t", "    ")


@given(REPORTS)
def test_machines_read_what_was_found(report: Report) -> None:
    count = len(report.findings)
    results = json.loads(FORMATS["sarif"](report))["runs"][0]["results"]
    silent = [result for result in results if "suppressions" in result]
    assert (len(results) - len(silent), len(silent)) == (count, len(report.suppressed))
    marks = [item["fingerprint"] for item in json.loads(FORMATS["gitlab"](report))]
    assert len(set(marks)) == count
    text = FORMATS["junit"](report)
    assert text.isascii()
    root = ElementTree.fromstring(text)
    messages = [failure.get("message") for failure in root.iter("failure")]
    assert sorted(messages) == sorted(
        re.sub("[\ufffe\uffff]", "\ufffd", inert(f.message)) for f in report.findings
    )
    assert len([*root.iter("skipped")]) == len(report.suppressed)
    assert {element.tag for element in root.iter()} <= {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "skipped",
    }


@given(REPORTS)
@example(Report((Finding("r", "error", "](x)|\n", 1, 1, 1, 1, "</code><img src=x> @a ![b](c)"),)))
def test_nothing_in_markdown_is_markup(report: Report) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(FORMATS["markdown"](report))
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "text_special", "html_inline"}
    assert {child.content for child in inline if child.type == "html_inline"} <= {
        "<code>",
        "</code>",
    }
    assert sum(token.type == "tr_open" for token in tokens) == (
        len(report.findings) + bool(report.findings)
    )
    assert not any(token.type == "html_block" for token in tokens)


def schema(name: str) -> Path:
    """A consumer's own schema, which is not ours to keep; .ci/run fetches it."""
    folder = os.environ.get("MLSKILL_SCHEMAS")
    if not folder:
        pytest.skip("MLSKILL_SCHEMAS names no folder with the schemas of SARIF and JUnit")
    path = Path(folder) / name
    if not path.exists():
        pytest.skip(f"there is no {name} in {folder}")
    return path


@given(st.data())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sarif_is_what_its_own_schema_says(data: st.DataObject) -> None:
    validator = sarif_validator(schema("sarif-2.1.0.json"))
    for report in (SAMPLE, data.draw(REPORTS)):
        validator.validate(json.loads(FORMATS["sarif"](report)))


@cache
def sarif_validator(path: Path) -> Any:
    definition = json.loads(path.read_text("utf-8"))
    return jsonschema.validators.validator_for(definition)(definition)


@given(st.data())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_junit_is_what_jenkins_says(data: st.DataObject) -> None:
    path = schema("junit-10.xsd")
    etree = pytest.importorskip("lxml.etree")
    definition = etree.XMLSchema(etree.parse(path))
    for report in (SAMPLE, data.draw(REPORTS)):
        definition.assertValid(etree.fromstring(FORMATS["junit"](report).encode()))


@given(REPORTS)
def test_gitlab_is_what_its_parser_wants(report: Report) -> None:
    for item in json.loads(FORMATS["gitlab"](report)):
        assert {type(item[key]) for key in ("description", "check_name", "fingerprint")} == {str}
        assert item["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert type(item["location"]["lines"]["begin"]) is int
        assert not item["location"]["path"].startswith("./")
