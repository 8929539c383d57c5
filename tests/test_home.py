"""home: the packaged skill is found in a wheel and in a repository, and missed with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlskill import home as module
from mlskill.errors import NotASkillError
from mlskill.home import home


@pytest.mark.parametrize(
    ("skills", "found"),
    [
        (["repo/SKILL.md"], "repo"),
        (["repo/src/mlskill/ml-engineer/SKILL.md"], "repo/src/mlskill/ml-engineer"),
        (
            ["repo/SKILL.md", "repo/src/mlskill/ml-engineer/SKILL.md"],
            "repo/src/mlskill/ml-engineer",
        ),
        (["repo/src/SKILL.md", "SKILL.md", "repo/ml-engineer/SKILL.md"], None),
        ([], None),
    ],
)
def test_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skills: list[str], found: str | None
) -> None:
    package = tmp_path / "repo" / "src" / "mlskill"
    package.mkdir(parents=True)
    for skill in skills:
        (tmp_path / skill).parent.mkdir(exist_ok=True)
        (tmp_path / skill).write_text("")
    monkeypatch.setattr(module, "_PACKAGE", package)
    if found:
        assert home() == tmp_path / found
    else:
        with pytest.raises(NotASkillError, match="install mlskill"):
            home()
