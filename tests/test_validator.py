"""validate and merge: the seed exactly, and laws that hold for every skill."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlskill.loader import load, loads
from mlskill.model import Report
from mlskill.reports import merge
from mlskill.rules import RULES, Problem, Problems, rule
from mlskill.validator import EXCERPT, MESSAGE, PER_FILE, validate

HEAD = "---\nname: pdf-tools\ndescription: Reads PDF files.\n---\n\n"
SEED = Path(__file__).parent / "data" / "seed.md"

SEEDED = """\
2:1-2:8 field-unknown version
27:44-27:80 mention-target-missing resources/implementation-playbook.md
36:4-36:8 text-mojibake ðŸ§\u00a0
38:8-38:86 link-target-missing [Core ML Frameworks & Libraries](./sub-skills/core-ml-frameworks-libraries.md)
39:8-39:78 link-target-missing [Model Serving & Deployment](./sub-skills/model-serving-deployment.md)
40:8-40:100 link-target-missing [Feature Engineering & Data Processing](./sub-skills/feature-engineering-data-processing.md)
41:8-41:84 link-target-missing [Model Training & Optimization](./sub-skills/model-training-optimization.md)
42:8-42:84 link-target-missing [Production ML Infrastructure](./sub-skills/production-ml-infrastructure.md)
43:8-43:75 link-target-missing [MLOps & CI/CD Integration](./sub-skills/mlops-cicd-integration.md)
44:8-44:76 link-target-missing [Performance & Scalability](./sub-skills/performance-scalability.md)
45:8-45:78 link-target-missing [Model Evaluation & Testing](./sub-skills/model-evaluation-testing.md)
46:8-46:82 link-target-missing [Specialized ML Applications](./sub-skills/specialized-ml-applications.md)
47:9-47:73 link-target-missing [Data Management for ML](./sub-skills/data-management-for-ml.md)
"""  # noqa: E501


def test_the_seed_has_each_of_its_faults_once(tmp_path: Path) -> None:
    folder = tmp_path / "ml-engineer"
    folder.mkdir()
    (folder / "SKILL.md").write_bytes(SEED.read_bytes())
    report = validate(load(folder))
    found = "".join(
        f"{f.line}:{f.column}-{f.end_line}:{f.end_column} {f.rule} "
        f"{f.excerpt[f.column - 1 : f.end_column - 1]}\n"
        for f in report.findings
    )
    assert found == SEEDED
    assert {f.path for f in report.findings} == {f"{folder}/SKILL.md"}
    assert (report.skills, report.documents, report.exit_code) == (1, 1, 1)


def test_nested_skills_are_validated_with_paths_from_the_outermost() -> None:
    inner = HEAD.replace("tools", "forms") + "[a](b.md)"
    report = validate(loads({"SKILL.md": HEAD, "x/pdf-forms/SKILL.md": inner}, root="pdf-tools"))
    assert [(f.rule, f.path) for f in report.findings] == [
        ("link-target-missing", "pdf-tools/x/pdf-forms/SKILL.md")
    ]
    assert (report.skills, report.documents) == (2, 2)


@pytest.mark.parametrize(
    ("root", "path"), [("", "SKILL.md"), (".", "SKILL.md"), ("a/b/", "a/b/SKILL.md")]
)
def test_paths_are_as_the_caller_named_the_folder(root: str, path: str) -> None:
    skill = replace(loads({"SKILL.md": f"{HEAD}[a](b.md)"}, root="pdf-tools"), root=root)
    assert [f.path for f in validate(skill).findings] == [path]


def test_one_name_in_two_reports_is_found_when_they_are_merged() -> None:
    head = HEAD + "Read.\n"
    reports = [
        validate(loads({"SKILL.md": head}, root=f"{folder}/pdf-tools"))
        for folder in ("b", "a", "c")
    ]
    assert not any(report.findings for report in reports)
    merged = merge([merge(reports[:2]), reports[2]])
    assert [(f.rule, f.path, f.related[0].path) for f in merged.findings] == [
        ("name-duplicate", "b/pdf-tools/SKILL.md", "a/pdf-tools/SKILL.md"),
        ("name-duplicate", "c/pdf-tools/SKILL.md", "a/pdf-tools/SKILL.md"),
    ]
    assert merged == merge(reports) == merge([merged, *reports[:0]])
    ignored = {id_: rule for id_, rule in RULES.items() if id_ != "name-duplicate"}
    skills = [loads({"SKILL.md": head}, root=f"{folder}/pdf-tools") for folder in "ab"]
    assert not merge(validate(skill, rules=ignored) for skill in skills).findings


def test_a_fault_says_where_the_other_half_of_it_is() -> None:
    text = "---\nname: pdf-tools\nlicense: a\ndescription: Reads.\nlicense: b\n---\nRead.\n"
    (finding,) = validate(loads({"SKILL.md": text}, root="pdf-tools")).findings
    (other,) = finding.related
    assert (finding.line, other.path, other.line, other.column, other.end_column) == (
        5, "pdf-tools/SKILL.md", 3, 1, 8,
    )  # fmt: skip
    assert other.message == "it stands first here"


def test_advice_is_given_only_when_asked_for() -> None:
    skill = loads({"SKILL.md": HEAD + "a\n" * 600}, root="pdf-tools")
    assert not validate(skill).findings
    assert [f.rule for f in validate(skill, advice=True).findings] == ["skill-too-long"]
    skill = loads({"SKILL.md": HEAD + "many words " * 5000}, root="pdf-tools")
    assert "tokens" in validate(skill, advice=True).findings[0].message


def test_a_stranger_may_bring_rules() -> None:
    @rule("error")
    def no_shouting(skill: object) -> Problems:
        """A rule of somebody else."""
        yield Problem("SKILL.md", 0, 3, "do not", "warning")

    report = validate(loads({"SKILL.md": HEAD}), rules={no_shouting.id: no_shouting})
    assert [(f.rule, f.severity, f.excerpt) for f in report.findings] == [
        ("no-shouting", "warning", "---")
    ]
    assert no_shouting.summary == "A rule of somebody else."


def test_one_rule_reports_so_many_findings_of_a_file_and_counts_the_rest() -> None:
    report = validate(loads({"SKILL.md": HEAD + "[a](b.md)\n" * 1000}, root="pdf-tools"))
    assert len(report.findings) == PER_FILE
    assert [f.line for f in report.findings] == list(range(6, 6 + PER_FILE))
    assert report.findings[-1].message.endswith("(and 900 more in this file)")


def test_a_line_of_a_megabyte_is_shown_around_the_place() -> None:
    text = HEAD + "a " * 250_000 + f"[x](b.md) [y]({'c' * 2000}.md) " + "z " * 250_000
    first, second = validate(loads({"SKILL.md": text}, root="pdf-tools")).findings
    start = first.column - first.excerpt_column
    assert first.excerpt[start:].startswith("[x](b.md) ")
    assert max(len(first.excerpt), len(second.excerpt)) == EXCERPT
    assert len(second.message) == MESSAGE + 1


def test_a_file_that_was_refused_is_one_fault(tmp_path: Path) -> None:
    folder = tmp_path / "pdf-tools"
    folder.mkdir()
    (folder / "a.md").symlink_to("/etc/hostname")
    (folder / "SKILL.md").write_text(f"{HEAD}[a](a.md) `a.md`", encoding="utf-8")
    assert [f.rule for f in validate(load(folder)).findings] == ["symlink-escapes"]
    (folder / "SKILL.md").unlink()
    (folder / "SKILL.md").symlink_to("/etc/hostname")
    rules = [f.rule for f in validate(load(folder), advice=True).findings]
    assert rules == ["symlink-escapes", "symlink-escapes"]


def test_a_link_to_a_folder_is_not_entered_and_not_doubted(tmp_path: Path) -> None:
    folder = tmp_path / "pdf-tools"
    (folder / "references").mkdir(parents=True)
    (folder / "references" / "a.md").write_text("# A\n", encoding="utf-8")
    (folder / "again").symlink_to("references")
    (folder / "SKILL.md").write_text(f"{HEAD}[a](again/a.md) in `references/`", encoding="utf-8")
    assert not validate(load(folder)).findings


def test_of_a_repository_only_what_was_read_is_judged(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    (folder / "references").mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    (folder / "SKILL.md").write_text(f"{HEAD}[a](references/a.md) [b](no.md)", encoding="utf-8")
    (folder / "references" / "a.md").write_text(
        "[b](../src/b.py) [c](../references/c.md)", encoding="utf-8"
    )
    places = [f"{Path(f.path).name}:{f.rule}" for f in validate(load(folder)).findings]
    assert places == ["SKILL.md:link-target-missing", "a.md:link-target-missing"]


WORDS = st.sampled_from(
    ["# ", "## ", "[a](", "b.md", "#b", ")", "`references/b.md`", "```\n", "<!--", "-->", "\n", " ",
     "---\n", "name: a\n", "x: y: z\n", "- ", "> ", "ðŸ§ ", "Ã©", "\u202e", "\u200b", "\x1b", "é",
     "日", "<a href='", "'>", "[r]: ", "[r]", "|", "\\", "](<", ">)", "%20", "../", "/"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(WORDS, st.text(max_size=5)), max_size=30).map("".join)
FILES = st.dictionaries(st.sampled_from(["b.md", "references/b.md", "x/SKILL.md", "run.py"]), TEXTS)


@settings(max_examples=200, deadline=None)
@given(TEXTS, FILES, st.integers())
def test_any_skill_has_a_report_whose_places_lie_in_its_files(
    text: str, files: dict[str, str], seed: int
) -> None:
    skill = loads({"SKILL.md": text, **files}, root="pdf-tools")
    report = validate(skill, advice=True)
    sources = {f"{one.root}/{d.path}": d.source for one in skill.walk() for d in one.documents}
    for f in report.findings:
        assert f.rule in RULES
        source = sources[f.path]
        assert (f.line, f.column) <= (f.end_line, f.end_column)
        assert f.end_line <= len(source.starts)
        assert f.column <= len(source.line(f.line)) + 1
        assert f.end_column <= len(source.line(f.end_line)) + 1
        assert source.line(f.line)[f.excerpt_column - 1 :].startswith(f.excerpt)
    # The order of files and of rules does not show.
    random = Random(seed)
    main, *others = skill.documents
    assets, rules = list(skill.assets), list(RULES.items())
    for shuffled in (others, assets, rules):
        random.shuffle(shuffled)
    again = replace(skill, documents=(main, *others), assets=tuple(assets))
    assert validate(again, rules=dict(rules), advice=True) == report
    assert merge([report]) == report
    assert merge([report, Report(skills=1, complete=False)]).exit_code == 3


LARGE = 1 << 20
HOSTILE = {
    "dead links": "[a](b{}.md)\n",
    "dead anchors": "# x{}\n[a](#y{})\n",
    "dead mentions on one line": "see `references/b{}.md` ",
    "controls": "a\x1b",
    "controls and mojibake": "\x1bÃ©",
    "bidirectional": "ש\u202b",
    "zero width": "a\u200b",
    "tag characters": "\U000e0041",
    "mojibake": "Ã©x",
    "one run of mojibake": "Ð¿",
    "one word": "a.",
    "folders": "a/",
    "empty headings": "#\n",
    "keys": "key{}: 1\n",
    "tasks": "[TODO: a]\n\n",
    "homes": "/Users/x1/ ",
    "tags": "</skill>\n\n",
    "comments": "<!-- now run -->\n\n",
    "labels": "[a b][c] ",
    "lookalikes": "pаge ",
    "broken blocks": "```python\nx = (\n```\n\n",
    "fences in fences": "```md\n```py\n```\n\n",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_megabyte_ends_soon(unit: str) -> None:
    head = "---\n" if unit.startswith("key") else HEAD
    count = min(LARGE // len(unit.encode()), 60_000)
    text = head + "".join(unit.replace("{}", str(n)) for n in range(count))
    skill = loads({"SKILL.md": text[: LARGE // 4], "b.md": "# B"}, root="pdf-tools")
    start = time.process_time()
    report = validate(skill)
    assert time.process_time() - start < 10
    assert 0 < len(report.findings) <= PER_FILE * len(RULES)
