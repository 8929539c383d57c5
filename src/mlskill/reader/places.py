"""locate: what a caller's path names, before anything is read."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePath
from typing import NamedTuple

from mlskill.errors import MissingPathError, NotASkillError
from mlskill.reader.names import ARCHIVES, MAIN, printable


class Spot(NamedTuple):
    """A path as the caller named it, with ``/``; `folder` is the skill's, `file` the file named."""

    named: str
    folder: str
    file: str | None = None

    @property
    def archive(self) -> bool:
        """Whether it is an archive."""
        return self.file is not None and self.file.lower().endswith(ARCHIVES)


def locate(path: str | os.PathLike[str]) -> Spot:
    """What `path` names: a folder, a ``SKILL.md`` or an archive.

    Raises:
        MissingPathError: there is nothing at `path`.
        NotASkillError: it is another file, or cannot be looked at.
    """
    pure = PurePath(path)
    named = pure.as_posix()
    try:
        mode = Path(path).stat().st_mode
    except PermissionError:
        raise NotASkillError(f"{printable(named)}: no permission to look at it") from None
    except (OSError, ValueError):  # ValueError: a NUL
        raise MissingPathError(printable(named)) from None
    if stat.S_ISDIR(mode):
        return Spot(named, named)
    name = pure.name
    if name.lower() == MAIN.lower() or name.lower().endswith(ARCHIVES):
        return Spot(named, pure.parent.as_posix(), name)
    what = "is neither a folder, nor a SKILL.md, nor a .zip or .skill archive"
    raise NotASkillError(f"{printable(named)}: {what}")
