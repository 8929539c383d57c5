"""The pytest plugin, in sessions of its own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

HEAD = "---\nname: {}\ndescription: Use when good.\n---\n\n"
BLOCK = "## {}\n\n```python\nprint(1 + 1)\n# > {}\n```\n\n"


@pytest.fixture
def tree(pytester: pytest.Pytester) -> pytest.Pytester:
    """Two skills, one of which is good, and a test of something else."""
    for path, text in {
        "skills/good/SKILL.md": HEAD.format("good") + BLOCK.format("Run", 2),
        "skills/bad/SKILL.md": HEAD.format("bad")
        + "[no](no.md)\n\n"
        + BLOCK.format("Right", 2)
        + BLOCK.format("Wrong", 3)
        + '## None\n\n```python no-run="needs a GPU"\nprint(1)\n```\n',
        "test_other.py": "def test_other():\n    pass\n",
    }.items():
        file = pytester.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return pytester


def test_it_does_nothing_unless_it_is_asked(tree: pytest.Pytester) -> None:
    tree.runpytest().assert_outcomes(passed=1)


def test_each_finding_is_a_test_that_fails_readably(tree: pytest.Pytester) -> None:
    result = tree.runpytest("--mlskill", "skills")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "skills/bad/SKILL.md:6:1: warning link-target-missing: no.md does not exist",
            "  6 | [[]no](no.md)",
            "    | ^^^^^^^^^^^",
            "mlskill explain link-target-missing",
            "FAILED skills/bad/SKILL.md::skills/bad/SKILL.md:6:1 link-target-missing*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_each_program_is_a_test(tree: pytest.Pytester) -> None:
    result = tree.runpytest("--mlskill", "skills", "--mlskill-prove", "-rs", "-v")
    result.assert_outcomes(passed=4, failed=2, skipped=1)
    result.stdout.fnmatch_lines_random(
        [
            "skills/bad/SKILL.md::SKILL.md#right PASSED*",
            "skills/bad/SKILL.md::SKILL.md#wrong FAILED*",
            "skills/bad/SKILL.md::SKILL.md#none SKIPPED*",
            "skills/bad/SKILL.md:19:1: error block-output: claims '3', but printed '2'",
        ]
    )


def test_they_can_be_chosen(tree: pytest.Pytester) -> None:
    tree.runpytest("--mlskill", "skills", "-m", "mlskill").assert_outcomes(
        passed=1, failed=1, deselected=1
    )
    tree.runpytest("--mlskill", "skills", "-k", "good").assert_outcomes(passed=1, deselected=2)


def test_paths_may_stand_in_the_settings(tree: pytest.Pytester) -> None:
    tree.makeini("[pytest]\nmlskill_paths = skills/good\nmlskill_prove = true\n")
    tree.runpytest().assert_outcomes(passed=3)
    # Who names a test wants that test.
    tree.runpytest("test_other.py").assert_outcomes(passed=1)


def test_settings_and_comments_are_obeyed(tree: pytest.Pytester) -> None:
    (tree.path / ".mlskill.toml").write_text('ignore = ["links"]', encoding="utf-8")
    tree.runpytest("--mlskill", "skills").assert_outcomes(passed=3)
    (tree.path / ".mlskill.toml").unlink()
    page = tree.path / "skills/bad/SKILL.md"
    allow = "[no](no.md) <!-- mlskill: allow links, link-target-missing: made later -->"
    text = page.read_text("utf-8").replace("[no](no.md)", allow.replace("links, ", ""))
    page.write_text(text, encoding="utf-8")
    tree.runpytest("--mlskill", "skills").assert_outcomes(passed=3)


@pytest.mark.parametrize("path", ["nothing", "test_other.py", "empty"])
def test_a_path_without_skills_is_one_line(tree: pytest.Pytester, path: str) -> None:
    (tree.path / "empty").mkdir()
    result = tree.runpytest("--mlskill", path)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: mlskill: *{path}: *"])


def test_hostile_names_are_inert(tree: pytest.Pytester) -> None:
    folder = tree.path / "skills" / "##[error]x\x1b[2J"
    folder.mkdir()
    (folder / "SKILL.md").write_text("no frontmatter \x1b[31m", encoding="utf-8")
    result = tree.runpytest_subprocess("--mlskill", "skills", "--color=no")
    shown = result.stdout.str()
    assert "\x1b" not in shown
    assert "frontmatter-missing" in shown
