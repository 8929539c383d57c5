"""What each kind of block comes to, forked and spawned, and what lies beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlskill.loader import load, loads
from mlskill.model import Skill
from mlskill.prover import Outcome, Proof, Runner, prove, summary

HEAD = "---\nname: made-up\ndescription: d\n---\n"


def skill(body: str) -> Skill:
    return loads({"SKILL.md": HEAD + body})


def fence(text: str, info: str = "python") -> str:
    return f"```{info}\n{text.strip()}\n```\n"


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(workers=2) as shared:
        yield shared


# A section's text; for each of its blocks: status, rule, line of the finding in the section's
# text (from 1; 0 for none), a part of the message.
SECTIONS: dict[str, tuple[str, list[tuple[str, str, int, str]]]] = {
    "runs": (fence("x = 1") + fence("print(x)\n# > 1"), [("ran", "", 0, "")] * 2),
    "is a main": (
        fence('import sys\nassert __name__ == "__main__"\nassert sys.stdin.read() == ""'),
        [("ran", "", 0, "")],
    ),
    "has its source": (
        fence(
            "import inspect, pickle\nclass A:\n    x = 1\ndef f():\n    return 2\n"
            "print(inspect.getsource(A) + inspect.getsource(f))\n"
            "# > class A:\n# >     x = 1\n# > def f():\n# >     return 2\n"
            "pickle.loads(pickle.dumps(A()))"
        ),
        [("ran", "", 0, "")],
    ),
    "knows the future": (
        fence("from __future__ import annotations\nprint(1)\n# > 1\ndef f(x: nowhere): ..."),
        [("ran", "", 0, "")],
    ),
    "prints from below": (
        fence("import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(7)'])\n# > 7"),
        [("ran", "", 0, "")],
    ),
    "claims too much": (
        fence("print(1)\nprint(2)\n# > 1\n# > 3"),
        [("failed", "block-output", 4, "claims '3', but printed '2'")],
    ),
    "raises deep": (
        "- in a list\n  ```python\n  def f():\n      1 / 0\n\n  f()\n  ```\n" + fence("print(1)"),
        [
            ("failed", "block-fails", 4, "ZeroDivisionError: division by zero"),
            ("skipped", "", 0, "a block before it"),
        ],
    ),
    "raises as told": (
        fence("1 / 0", "python raises=ArithmeticError") + fence("print(2)\n# > 2"),
        [("ran", "", 0, "")] * 2,
    ),
    "raises another": (
        fence("1 / 0", "python raises=KeyError"),
        [("failed", "block-fails", 2, "ZeroDivisionError")],
    ),
    "raises nothing": (
        fence("1 / 1", "python raises=KeyError"),
        [("failed", "block-fails", 2, "without raising KeyError")],
    ),
    "exits": (fence("import sys\nsys.exit(0)"), [("failed", "block-fails", 3, "SystemExit: 0")]),
    "ends its process": (
        fence("import os\nos._exit(0)"),
        [("failed", "block-fails", 1, "ends its process with exit code 0")],
    ),
    "crashes": (
        fence("import ctypes\n\nctypes.string_at(0)"),
        [("failed", "block-fails", 4, "SIGSEGV")],
    ),
    "hangs": (
        fence(
            "import signal, time\n"
            "for s in (signal.SIGTERM, signal.SIGINT): signal.signal(s, signal.SIG_IGN)\n"
            "time.sleep(1000)"
        ),
        [("timeout", "block-timeout", 4, "still runs after")],
    ),
    "prints for ever": (
        fence("while True: print('x' * 10000)"),
        [("failed", "block-fails", 2, "prints without end")],
    ),
    "does not parse": (
        fence("x = 1\ny = = 2") + fence("print(1)"),
        [("failed", "block-syntax", 3, "invalid syntax"), ("ran", "", 0, "")],
    ),
    "does not compile": (
        fence("x = 1\nreturn x"),
        [("failed", "block-syntax", 3, "'return' outside function")],
    ),
    "is not to run": (
        fence("import json\njson.nothing()", 'python no-run="wants a cluster"')
        + fence("import json\njson.JSONDecoder(stric=True)", 'python no-run="wants a cluster"')
        + fence("import json\njson.JSONDecoder(strict=True)", 'python no-run="wants a cluster"'),
        [
            ("failed", "block-fails", 3, "json has no nothing"),
            ("failed", "block-fails", 7, "takes no stric="),
            ("not-run", "", 0, "wants a cluster"),
        ],
    ),
    "needs the absent": (
        fence("import no_such_module", "python needs=no_such_module")
        + fence("print(1)\n# > 1", "python needs=json"),
        [("skipped", "", 0, "needs no_such_module"), ("ran", "", 0, "")],
    ),
    "imports the absent": (
        fence("import no_such_module"),
        [("failed", "block-fails", 2, "No module named 'no_such_module'")],
    ),
    "brings files": (
        fence("import conf.mine\nprint(open('a.txt').read())\n# > hello")
        + fence("A = 1", "python file=conf/mine.py")
        + fence("A = 1", "python file=other.py")
        + fence("hello", "text file=a.txt")
        + fence("a: [", "yaml file=b.yaml"),
        [
            ("ran", "", 0, ""),
            ("ran", "", 0, ""),
            ("checked", "", 0, ""),
            ("unchecked", "", 0, "no checker for 'text'"),
            ("failed", "block-syntax", 16, ""),
        ],
    ),
    "brings a file twice": (
        fence("A = 1", "python file=a.py") + fence("A = 2", "python file=a.py"),
        [("checked", "", 0, ""), ("failed", "block-info", 4, "is there twice")],
    ),
    "is prose": (
        fence("x", "text") + fence("x", "") + "\n    indented\n\n" + fence("$ x", "console"),
        [("prose", "", 0, "")] * 4,
    ),
    "is unknown": (fence("x", "cobol"), [("unchecked", "", 0, "no checker for 'cobol'")]),
    "is misspelt": (fence("x", "python no_run"), [("failed", "block-info", 1, "did you mean")]),
    "expects of data": (
        fence("{}", "json raises=KeyError"),
        [("failed", "block-info", 1, "raises= is for Python")],
    ),
}


def body() -> tuple[str, dict[str, int]]:
    """One document with all the sections, and the line at which each one's text starts."""
    text, starts = "# T\n", {}
    for title, (section, _) in SECTIONS.items():
        text += f"## {title}\n"
        starts[title] = (HEAD + text).count("\n")
        text += section
    return text, starts


@pytest.fixture(scope="module")
def proof(runner: Runner) -> Proof:
    return prove(skill(body()[0]), timeout=6, runner=runner)


@pytest.fixture(scope="module")
def spawned() -> Iterator[Proof]:
    """The same where there is no fork."""
    with Runner(fork=False, workers=2) as one:
        yield prove(skill(body()[0]), timeout=6, runner=one)


def outcomes(proof: Proof, title: str) -> list[Outcome]:
    return [o for o in proof.outcomes if o.program == f"SKILL.md#{title.replace(' ', '-')}"]


@pytest.mark.parametrize("title", SECTIONS)
@pytest.mark.parametrize("how", ["proof", "spawned"])
def test_outcome(how: str, title: str, request: pytest.FixtureRequest) -> None:
    start = body()[1][title]
    got = outcomes(request.getfixturevalue(how), title)
    wanted = SECTIONS[title][1]
    told = [(o.status, o.rule, o.line - start if o.rule else 0) for o in got]
    assert told == [(status, rule, line) for status, rule, line, _ in wanted]
    for outcome, (*_, message) in zip(got, wanted, strict=True):
        assert message in outcome.message


def test_traceback_points_into_the_document(proof: Proof) -> None:
    (outcome,) = [o for o in outcomes(proof, "raises deep") if o.rule]
    start = body()[1]["raises deep"]
    lines = [line for line in outcome.detail.splitlines() if line.strip().strip("~^")]
    assert lines == [
        "Traceback (most recent call last):",
        f'  File "SKILL.md", line {start + 6}, in <module>',
        "    f()",
        f'  File "SKILL.md", line {start + 4}, in f',
        "    1 / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_findings_stand_at_the_line(proof: Proof) -> None:
    lines = (HEAD + body()[0]).splitlines()
    assert len(proof.findings) == sum(bool(o.rule) for o in proof.outcomes)
    for finding in proof.findings:
        assert finding.excerpt == lines[finding.line - 1]
        assert 1 <= finding.column <= len(finding.excerpt) + 1
    assert proof.report.exit_code == 1


def test_counts_and_shares_add_up(proof: Proof) -> None:
    wanted = [status for _, blocks in SECTIONS.values() for status, *_ in blocks]
    assert proof.counts == {s: wanted.count(s) for s in proof.counts}
    assert len(wanted) == sum(proof.counts.values())
    proven = wanted.count("ran") + wanted.count("checked")
    assert proof.share == proven / (len(wanted) - wanted.count("prose"))
    told = summary(proof)
    assert f"{wanted.count('ran')} ran" in told
    unproven = [s for s in wanted if s not in ("ran", "checked", "prose")]
    assert sum(line.startswith("  SKILL") for line in told.splitlines()) == len(unproven)
    assert "not installed: no_such_module" in told


def test_the_summary_is_inert(runner: Runner) -> None:
    text = r'raise ValueError("\x1b[31m\n::error::x\u202e")'
    told = summary(prove(skill("# T\n" + fence(text)), runner=runner))
    assert all(c.isprintable() or c == "\n" for c in told)
    assert [line for line in told.splitlines() if line.lstrip().startswith("::")] == []
    assert "    | ::error::x" in told


def test_an_empty_skill_is_proven(runner: Runner) -> None:
    got = prove(skill("no blocks"), runner=runner)
    assert (got.share, got.python_share, got.findings) == (1.0, 1.0, ())


def test_linked_pieces_lie_beside_the_block(runner: Runner) -> None:
    text = (
        "# T\nSee [other](lib/other.py).\n"
        "## mine\nCopy [piece](lib/piece.py) and `data.csv`.\n"
        + fence("import piece\nprint(piece.A, open('data.csv').read())\n# > 3 x,y")
        + "### below\n"
        + fence("import piece")
        + "## absent\n"
        + fence("import other")
    )
    files = {"lib/piece.py": "A = 3", "lib/other.py": "", "data.csv": "x,y"}
    got = prove(loads({"SKILL.md": HEAD + text, **files}), runner=runner)
    assert [o.status for o in got.outcomes] == ["ran", "failed", "failed"]
    assert [sorted(p.files) for p in got.plan.programs] == [["data.csv", "piece.py"], [], []]


def test_pieces_that_were_not_loaded_are_told(tmp_path: Path, runner: Runner) -> None:
    text = HEAD + "# T\n[p](p.csv)\n" + fence("print(open('p.csv').read())\n# > 1")
    (tmp_path / "SKILL.md").write_text(text)
    (tmp_path / "p.csv").write_text("1")
    (bare,) = prove(load(tmp_path), runner=runner).outcomes
    assert (bare.status, "contents=True" in bare.message) == ("failed", True)
    (full,) = prove(load(tmp_path, contents=True), runner=runner).outcomes
    assert full.status == "ran"


def test_programs_do_not_share(runner: Runner) -> None:
    text = "".join(
        f"## s{i}\n"
        + fence(
            "import os, sys\nassert os.listdir() == []\n"
            "assert 'mark' not in sys.modules\nsys.modules['mark'] = sys\nopen('a', 'w').close()\n"
            "open(os.path.expanduser('~/mark'), 'x').close()"
        )
        for i in range(4)
    )
    got = prove(skill(text), runner=runner)
    assert [o.message for o in got.outcomes] == [""] * 4


def test_nested_skills_are_proven_under_their_path(runner: Runner) -> None:
    child = HEAD + "# C\n" + fence("1 / 0")
    tree = loads({"SKILL.md": HEAD + "# T\n", "skills/child/SKILL.md": child})
    got = prove(tree, runner=runner)
    assert [(f.path, f.line) for f in got.findings] == [("skill/skills/child/SKILL.md", 7)]
