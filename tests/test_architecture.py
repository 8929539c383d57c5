"""The house rules that a machine can keep: who imports whom, and what it costs to start."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mlskill

PACKAGE = Path(mlskill.__file__).parent

# From the ground up. A module may import from floors below its own, and from its own package.
FLOORS = (
    {"model"},
    {"errors", "specification"},
    {
        "home",
        "caches",
        "anchors",
        "hidden",
        "tokens",
        "reader",
        "reports",
        "frontmatter",
        "schema",
        "checkers",
    },
    {"parser"},
    {"linker"},
    {"loader"},
    {"rules", "searcher"},
    {"validator", "renderer", "prover"},
    {"outline", "fixer", "runner", "packer"},
    {"toolset"},
    {"formats"},
    {"site", "settings"},
    {"settler"},
    {""},
    {"apps"},
    {"__main__"},
)
# The nouns are two files, the second of which waits until it is asked for.
JOINED = {"pages": "model"}
FLOOR = {name: level for level, names in enumerate(FLOORS) for name in names}


def units() -> list[tuple[str, Path]]:
    """Each file of the package with the unit (top-level module or package) it belongs to."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inner = path.relative_to(PACKAGE).with_suffix("")
        if inner.parts[0] == "ml-engineer":  # in the wheel: the skill's pieces
            continue
        unit = "" if inner.name == "__init__" and len(inner.parts) == 1 else inner.parts[0]
        found.append((JOINED.get(unit, unit), path))
    return found


def imports(path: Path) -> set[str]:
    """The units of mlskill that the file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write absolute imports"
            names = [node.module or ""]
            if node.module == "mlskill":
                names = [f"mlskill.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            head, _, rest = name.partition(".")
            if head == "mlskill":
                unit = rest.partition(".")[0]
                unit = JOINED.get(unit, unit)
                found.add(unit if unit in FLOOR else "")
    return found


@pytest.mark.parametrize(("unit", "path"), units(), ids=lambda value: str(value)[-40:])
def test_imports_go_down(unit: str, path: Path) -> None:
    assert unit in FLOOR, f"{unit}: give it a floor in FLOORS"
    for other in imports(path) - {unit}:
        assert FLOOR[other] < FLOOR[unit], f"{path.name} ({unit}) imports {other or 'mlskill'}"


def test_every_unit_on_a_floor_exists() -> None:
    assert {unit for unit, _ in units()} == set(FLOOR)


HEAVY = {
    "jinja2", "pydantic", "markdown_it", "yaml", "mcp", "pygments", "rich", "zipfile",
    "argcomplete", "mlskill.renderer", "mlskill.prover", "mlskill.pages", "mlskill.rules",
    "mlskill.site",
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import mlskill", set()),
        ("import mlskill.apps.cli as c; c.parser([])", set()),
        ("import mlskill; mlskill.load", {"markdown_it", "yaml", "mlskill.pages"}),
        (
            "import mlskill; mlskill.validate, mlskill.load",
            {"markdown_it", "yaml", "mlskill.pages", "mlskill.rules"},
        ),
        ("import mlskill.apps.cli.validate", set()),
    ],
)
def test_what_is_not_used_is_not_imported(code: str, allowed: set[str]) -> None:
    show = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", show], capture_output=True, text=True, check=True, timeout=60
    )
    assert HEAVY & set(done.stdout.split()) <= allowed


def test_only_the_reader_opens_files() -> None:
    """A stranger's path is opened in one guarded place; the rest works on what it read."""
    openers = set()
    for unit, path in units():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in ("open", "read_text", "read_bytes", "listdir", "scandir", "iterdir"):
                    openers.add(unit)
    # rules read their own pages, checkers their tables, search its model, caches what is kept; the
    # prover the blocks' own folders; the fixer opens what it has just made, the packer what it is
    # to replace; the site its style and scripts, the folder it makes and the proofs it is given
    own = {"rules", "checkers", "searcher", "caches", "runner", "prover", "fixer", "packer", "site"}
    assert openers <= {"reader", "apps", *own}
