"""home: where the skill lies that this package carries."""

from __future__ import annotations

from pathlib import Path

from mlskill.errors import NotASkillError

_PACKAGE = Path(__file__).resolve().parent


def home() -> Path:
    """The folder of the packaged skill: in the wheel, or the repository of an editable install.

    Raises:
        NotASkillError: it is in neither place.
    """
    carried, repository = _PACKAGE / "ml-engineer", _PACKAGE.parent.parent
    for folder in (carried, repository):
        if (folder / "SKILL.md").is_file():
            return folder
    raise NotASkillError(
        f"{carried}: the skill is not in the package; install mlskill from its wheel"
    )
