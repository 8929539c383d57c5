"""settings: what a project wants of `validate`, from its ``pyproject.toml`` or ``.mlskill.toml``.

options.py   what can be set, and what that means for a finding
places.py    which file speaks: one's own project's, never one that came with a skill
toml.py      a file as options, or an error that names its line
schema.py    the pydantic model of such a file
"""

from mlskill.settings.options import Settings, SettingsError
from mlskill.settings.places import Project, project
from mlskill.settings.toml import load

__all__ = ["Project", "Settings", "SettingsError", "load", "project"]
