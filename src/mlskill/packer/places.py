"""Places: paths that every file system and archive can hold, none of them given twice."""

from __future__ import annotations

import posixpath
import re
from unicodedata import normalize

from mlskill.specification import NAME, NAME_LENGTH

_FOREIGN = re.compile(r'[\\:*?"<>|`\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_LONGEST = 200
"""Bytes of a name, at most: most systems allow 255, and a number may be added."""


def portable(path: str) -> str:
    r"""`path` with nothing in it that Windows, an archive or a code span cannot hold.

    >>> portable("a/b:c?.md"), portable("a\\u000ab/con.md"), portable("../ .md")
    ('a/b-c-.md', 'a-u000ab/_con.md', '_/ .md')
    """
    return "/".join(_name(name) for name in path.split("/"))


def _name(name: str) -> str:
    name = _FOREIGN.sub("-", name).rstrip(". ")
    stem, suffix = posixpath.splitext(name)
    if len(name.encode("utf-8", "replace")) > _LONGEST:
        room = _LONGEST - len(suffix.encode("utf-8", "replace"))
        name = stem.encode("utf-8", "replace")[: max(room, 1)].decode("utf-8", "ignore") + suffix
        name = name[:_LONGEST]
    return f"_{name}" if _DEVICES.match(name) else name or "_"


def slug(name: str) -> str:
    """The valid name that is nearest to `name`.

    >>> slug("Größen & Maße"), slug("a--b"), slug("")
    ('grossen-masse', 'a-b', 'skill')
    """
    if re.fullmatch(NAME.strip("^$"), name) and len(name) <= NAME_LENGTH:
        return name
    plain = normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain)[: NAME_LENGTH + 1].strip("-")[:NAME_LENGTH] or "skill"


class Places:
    """Gives each path that is wished for to one file; of equal wishes the later are numbered.

    >>> places = Places()
    >>> [places.take(wish) for wish in ("a.md", "A.md", "a.md/b", "c/d", "C")]
    ['a.md', 'A-2.md', 'a.md-b', 'c/d', 'C-2']
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._next: dict[str, int] = {}

    def free(self, path: str) -> bool:
        """Whether no file has `path`, case aside, and none is where one of its folders must be."""
        key = _fold(path)
        taken = key in self._files or key in self._folders
        return not taken and self._files.isdisjoint(_around(key))

    def take(self, wish: str) -> str:
        """The path for the file that is wished to be at `wish`."""
        if not self._files.isdisjoint(_around(_fold(wish))):
            wish = wish.replace("/", "-")
        path, (stem, suffix) = wish, posixpath.splitext(wish)
        while not self.free(path):
            self._next[wish] = self._next.get(wish, 1) + 1
            path = f"{stem}-{self._next[wish]}{suffix}"
        self._files.add(_fold(path))
        self._folders.update(_around(_fold(path)))
        return path


def _fold(path: str) -> str:
    """What two paths have in common that some file systems take for one."""
    return normalize("NFC", normalize("NFD", path).casefold())


def _around(path: str) -> list[str]:
    """The folders that `path` lies in."""
    return [path[:at] for at, char in enumerate(path) if char == "/"]
