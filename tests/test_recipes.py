"""`tests/runtimes/README.md` is made of the functions that the tests of runtimes run."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

RUNTIMES = Path(__file__).parent / "runtimes"
PAGE = RUNTIMES / "README.md"
HEAD = """\
# Recipes

How each runtime is given the skill. Each block is run by the test of its name here, which reads \
every module and the playbook through the runtime's own tools. `mlskill pack` writes the folders: \
without a comment that says otherwise, `mlskill pack --output skills/ml-engineer`.

Made by `pytest tests/test_recipes.py --update`.
"""


def recipes(source: str) -> Iterator[str]:
    """What a user types, of each function `recipe…` in a test's source."""
    lines = source.split("\n")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("recipe"):
            start, end = node.body[0].lineno, node.body[-1].lineno
            assert isinstance(node.body[-1], ast.Return)
            while lines[start - 2].lstrip().startswith("#"):
                start -= 1
            body = textwrap.dedent("\n".join(lines[start - 1 : end - 1])).strip("\n")
            names = [argument.arg for argument in node.args.args]
            given = zip(reversed(names), reversed(node.args.defaults), strict=False)
            settings = [
                f"{name} = {ast.literal_eval(value)!r}".replace("'", '"') for name, value in given
            ]
            first, _, rest = body.partition("\n\n")
            yield "\n\n".join(filter(None, (first, "\n".join(settings), rest)))


def page() -> str:
    parts = [HEAD]
    for path in sorted(RUNTIMES.glob("test_*.py")):
        source = path.read_text("utf-8")
        blocks = [*recipes(source)]
        if blocks:
            title, _, what = (ast.get_docstring(ast.parse(source)) or "").partition(": ")
            parts.append(f"## {title}\n\n{what[:1].upper()}{what[1:]}\n")
            parts += [f"```python\n{block}\n```\n" for block in blocks]
            parts.append(f"Test: [{path.name}]({path.name})\n")
    return "\n".join(parts)


def test_the_page_is_what_is_run(request: pytest.FixtureRequest) -> None:
    text = page()
    if request.config.getoption("--update"):
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text, "run  pytest tests/test_recipes.py --update"


def test_every_runtime_has_a_recipe() -> None:
    assert page().count("```python") >= 11


def test_a_recipe_is_the_body_with_what_is_given() -> None:
    source = (
        "def recipe(model='m'):\n    # why\n    from a import b\n\n    c = b(model)\n    return c\n"
    )
    assert [*recipes(source)] == ['# why\nfrom a import b\n\nmodel = "m"\n\nc = b(model)']
