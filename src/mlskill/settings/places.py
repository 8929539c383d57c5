"""project: the project one works on, and which file says what it wants.

Found from the folder one is in upwards, to the root of its repository: one's own project speaks,
not the tree that is checked. A file that came with a skill (it lies in a folder with a
``SKILL.md`` that is no repository's root) is not obeyed unless it is named.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mlskill.reader.names import MAIN
from mlskill.settings.toml import read

NAMES = (".mlskill.toml", "pyproject.toml")
"""The files that hold settings; of two in one folder the first counts."""


class Project(NamedTuple):
    """What one works on: its `root`, the `file` of its settings, and one that was `passed` by."""

    root: str
    file: str = ""
    passed: str = ""


def project(start: str | os.PathLike[str] = ".") -> Project:
    """The project around `start`: the repository, else the folder of the settings, else `start`.

    The search stops at the root of a repository, and where a folder belongs to another user.
    """
    here = Path(start).absolute()
    file = passed = ""
    for folder in _upwards(here):
        found = next((folder / name for name in NAMES if _speaks(folder / name)), None)
        if found and not file:
            if _came_with_a_skill(folder):
                passed = passed or str(found)
            else:
                file = str(found)
        if _repository(folder):
            return Project(str(folder), file, passed)
    return Project(str(Path(file).parent if file else here), file, passed)


def _upwards(folder: Path) -> Iterator[Path]:
    owner = folder.stat().st_uid
    yield folder
    for one in folder.parents:
        with suppress(OSError):
            if one.stat().st_uid != owner:  # in /tmp anybody may leave a file
                return
        yield one


def _speaks(file: Path) -> bool:
    """Whether there is such a file, and it has settings."""
    if not _is_file(file):
        return False
    return file.name == NAMES[0] or b"mlskill" in read(file)


def _repository(folder: Path) -> bool:
    """Whether `folder` is the root of a repository, as far as one may look."""
    with suppress(OSError):
        return (folder / ".git").exists()
    return False


def _is_file(path: Path) -> bool:
    with suppress(OSError):
        return path.is_file()
    return False


def _came_with_a_skill(folder: Path) -> bool:
    """Whether a skill that is no repository's root lies at `folder` or around it."""
    for one in (folder, *folder.parents):
        if _repository(one):
            return False
        if _is_file(one / MAIN):
            return True
    return False
