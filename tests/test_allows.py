"""Comments that allow a rule: what they speak for, and that they are needed."""

from __future__ import annotations

import time

import pytest

from mlskill.loader import loads
from mlskill.model import Report
from mlskill.settler import settle
from mlskill.validator import validate

HEAD = "---\nname: pdf-tools\ndescription: Reads PDF files.\n---\n"
ALLOW = "<!-- mlskill: allow link-target-missing: made later -->"


def report(text: str) -> Report:
    return settle(validate(loads({"SKILL.md": HEAD + text}, root="pdf-tools")))


def found(text: str) -> list[str]:
    return [f"{f.line} {f.rule}" for f in report(text).findings]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"# T\n\n[a](a.md) {ALLOW}\n[b](b.md)\n", ["8 link-target-missing"]),
        (f"# T\n\n{ALLOW}\n[a](a.md)\n[b](b.md)\n\n[c](c.md)\n", ["11 link-target-missing"]),
        (f"# T\n\n{ALLOW}\n\n\n- [a](a.md)\n- [b](b.md)\n\n[c](c.md)\n",
         ["13 link-target-missing"]),
        (f"# T\n\n{ALLOW}\n\n| a |\n| - |\n| [a](a.md) |\n\n[c](c.md)\n",
         ["13 link-target-missing"]),
        (f"{ALLOW}\n\n# T\n\n[a](a.md)\n\n[b](b.md)\n", []),  # first of all: for the whole page
        (f"<!-- other -->\n{ALLOW}\n\n# T\n\n[b](b.md)\n", []),
        (f"# T\n\n{ALLOW}\n<!-- other -->\n\n[b](b.md)\n", []),
        (f"# T\n\n- a\n\n  [b](b.md) {ALLOW}\n", []),
        (f"# T\n\n[b](b.md)\n\n{ALLOW}\n", ["7 link-target-missing", "9 allow-unused"]),
        (f"# T\n\n```\n{ALLOW}\n```\n\n[b](b.md)\n", ["11 link-target-missing"]),
        ("# T\n\n[a](a.md) <!-- mlskill: allow link-target-missing -->\n",
         ["7 allow-without-reason", "7 link-target-missing"]),
        ("# T\n\n[a](a.md) <!-- mlskill: allow link-target-missing:   -->\n",
         ["7 allow-without-reason", "7 link-target-missing"]),
        ("# T\n\n[a](a.md) <!-- mlskill: allow: later -->\n",
         ["7 allow-without-reason", "7 link-target-missing"]),
        ("# T\n\n[a](a.md) <!-- mlskill: allow link-target-missing, text-mojibake: x -->\n",
         ["7 allow-unused"]),
        ("# T\n\n[a](a.md) <!-- mlskill: allow allow-unused: x -->\n",
         ["7 allow-unused", "7 link-target-missing"]),
    ],
)  # fmt: skip
def test_what_a_comment_speaks_for(text: str, left: list[str]) -> None:
    assert sorted(found(text)) == sorted(left)


def test_frontmatter_is_spoken_for_by_the_first_thing_below_it() -> None:
    allow = "<!-- mlskill: allow field-unknown: our loader reads it -->"
    text = f"---\nname: pdf-tools\ndescription: a\nversion: x\n---\n{allow}\n# T\n"
    settled = settle(validate(loads({"SKILL.md": text}, root="pdf-tools")))
    assert not settled.findings
    assert [(s.by, s.reason) for s in settled.suppressed] == [("comment", "our loader reads it")]


def test_only_a_rule_of_the_same_page_is_silenced() -> None:
    files = {"SKILL.md": f"{HEAD}{ALLOW}\n\n[a](a.md) [no](no.md)\n", "a.md": "[b](b.md)\n"}
    settled = settle(validate(loads(files, root="pdf-tools")))
    assert [f.path for f in settled.findings] == ["pdf-tools/a.md"]


@pytest.mark.parametrize(
    "unit",
    [f"{ALLOW}\n", f"{ALLOW}\n\nx\n\n", f"x {ALLOW} ", f"- {ALLOW}\n  ```\n  x\n  ```\n"],
    ids=["stacked", "blocks", "one line", "lists"],
)
def test_a_hostile_page_of_comments_ends_soon(unit: str) -> None:
    start = time.process_time()
    report("x\n\n" + unit * (300_000 // len(unit)))
    assert time.process_time() - start < 20
