"""places: the addresses behind "on GitHub" and "in the editor", for a file and a line."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import quote

from mlskill.errors import MlskillError, UnknownNameError

EDITORS = {
    "vscode": "vscode://file{path}:{line}",
    "cursor": "cursor://file{path}:{line}",
    "zed": "zed://file{path}:{line}",
    "idea": "idea://open?file={path}&line={line}",
    "sublime": "subl://open?url=file://{path}&line={line}",
}
"""Editors that open what a link in a browser names."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_ACTIVE = ("javascript:", "data:", "vbscript:", "blob:")


def editor(name: str) -> str:
    """The template of the editor called `name`, or `name` if it is one.

    Raises:
        UnknownNameError: it is neither.
    """
    if name in EDITORS:
        return EDITORS[name]
    if "{path}" not in name or not _SCHEME.match(name) or name.startswith(_ACTIVE):
        raise UnknownNameError("editor", name, EDITORS)
    return name


def repository(url: str) -> str:
    """The template for the folder that `url` shows, or `url` if it is one.

    >>> repository("https://github.com/o/r/blob/main")
    'https://github.com/o/r/blob/main/{path}?plain=1#L{line}'

    Raises:
        MlskillError: it is no address of the web.
    """
    if not re.match(r"https?://[^\s\"'<>]+$", url):
        raise MlskillError(
            f"{url}: no address of a folder on the web, such as https://github.com/o/r/blob/main"
        )
    if "{path}" in url:
        return url
    plain = "?plain=1" if url.startswith("https://github.com/") else ""
    return f"{url.rstrip('/')}/{{path}}{plain}#L{{line}}"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of one skill are: `folder` on this machine, `below` in the repository."""

    folder: str
    below: str
    editor: str = ""
    repository: str = ""

    def of(self, path: str, line: int) -> tuple[tuple[str, str], ...]:
        """What to call each place of the file at `path`, and its address."""
        found = []
        for name, template, root in (
            ("source", self.repository, self.below),
            ("edit", self.editor, self.folder),
        ):
            if template:
                full = quote(posixpath.join(root, path), errors="replace")
                found.append((name, template.replace("{path}", full).replace("{line}", str(line))))
        return tuple(found)
