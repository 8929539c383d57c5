"""The badges of the README say what is so: each is drawn from the tree, and compared."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import mlskill
from mlskill.home import home
from mlskill.prover import plan
from mlskill.rules import RULES

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".github" / "badges"


def project() -> dict[str, object]:
    found: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return found["project"]  # type: ignore[return-value]


def pythons() -> str:
    start = "Programming Language :: Python :: 3."
    names = [n.removeprefix(start) for n in project()["classifiers"] if n.startswith(start)]  # type: ignore[attr-defined]
    return f"3.{names[0]} to 3.{names[-1]}"


def blocks() -> str:
    programs = plan(mlskill.load(home(), contents=True)).programs
    ours = [task for program in programs for task in program.tasks if task.action != "prose"]
    # What needs something that not everybody has may be skipped there: it does not count.
    run = [task for task in ours if not task.info.no_run and not task.info.needs]
    return f"at least {len(run)} of {len(ours)} run or checked in CI"


BADGES: dict[str, tuple[str, Callable[[], str]]] = {
    "python": ("Python", pythons),
    "blocks": ("code blocks", blocks),
    "rules": ("rules", lambda: f"{len(RULES)}, each with a tested page"),
    "licence": ("licence", lambda: str(project()["license"])),
}


def badge(label: str, value: str) -> str:
    """Two words side by side."""
    left, right = (round(6.6 * len(text)) + 16 for text in (label, value))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" \
aria-label="{label}: {value}">
<rect width="{left + right}" height="20" rx="4" fill="#3f4a52"/>
<path d="M{left} 0h{right - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{right - 4}z" fill="#0b6b63"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{left / 2:g}" y="14" textLength="{left - 14}">{label}</text>
<text x="{left + right / 2:g}" y="14" textLength="{right - 14}">{value}</text>
</g>
</svg>
"""


@pytest.mark.parametrize("name", BADGES)
def test_a_badge_is_true(name: str, request: pytest.FixtureRequest) -> None:
    label, value = BADGES[name]
    path, wanted = FOLDER / f"{name}.svg", badge(label, value())
    if request.config.getoption("--update"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted, "utf-8")
    assert path.read_text("utf-8") == wanted, "run  pytest --update tests/test_badges.py"
    if (ROOT / "README.md").exists():
        assert f"(.github/badges/{name}.svg)" in (ROOT / "README.md").read_text("utf-8")
