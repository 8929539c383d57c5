"""discover: where the skills below a path are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from heapq import heappop, heappush

from mlskill.model import LIMITS, Fault, Limits
from mlskill.reader.disk import Disk
from mlskill.reader.names import MAIN, SKIPPED, VENV, printable
from mlskill.reader.places import locate
from mlskill.reader.tree import Folder, RefusedError, TooLargeError


class Found(Iterator[str]):
    """The skills below a path, one at a time and sorted, each fit for `read`.

    When it is exhausted, `faults` says what was not looked at, and why; their paths are as those of
    the skills. No more is kept in memory than the folders that wait to be looked at.
    """

    def __init__(self, path: str | os.PathLike[str], limits: Limits) -> None:
        self.faults: list[Fault] = []
        self._place = locate(path)
        self._limits = limits
        self._skills = self._search() if self._place.file is None else iter((self._place.named,))

    @property
    def complete(self) -> bool:
        """Whether no limit was reached so far."""
        return all(fault.rule != "limit-reached" for fault in self.faults)

    def __next__(self) -> str:
        return next(self._skills)

    def _search(self) -> Iterator[str]:
        """Look at folders in the order of their paths: those that wait are a heap."""
        root, limits = self._place.named, self._limits
        disk = Disk(os.path.realpath(root))
        waiting, left, too_deep = [""], limits.skills, False
        while waiting:
            below = heappop(waiting)
            path, names = _join(root, below), tuple(below.split("/")) if below else ()
            try:
                with disk.folder(names) as folder:
                    inner = self._look(disk, folder, names, path)
            except RefusedError as no:
                self._fault(no.rule, path, no.message)
                continue
            if inner is None and left:
                left -= 1
                yield path
            elif inner is None:
                what = f"is one skill more than {limits.skills} (limit skills); "
                self._fault("limit-reached", path, what + "it and what follows was left out")
                return
            elif inner and len(names) >= limits.depth:
                if not too_deep:
                    what = f"lies deeper than {limits.depth} folders (limit depth); "
                    first = _join(path, min(inner))
                    self._fault("limit-reached", first, what + "no such folder was searched")
                too_deep = True
            else:
                for name in inner:
                    heappush(waiting, _join(below, name))

    def _look(
        self, disk: Disk, folder: Folder, names: tuple[str, ...], path: str
    ) -> list[str] | None:
        """The folders in `folder` that are to be searched; None when it is a skill itself."""
        inner: list[str] = []
        links: list[str] = []
        other_case = False
        for entry in folder:
            if entry.kind == "folder":
                if entry.name not in SKIPPED:
                    inner.append(entry.name)
            elif entry.name == MAIN:
                return None
            elif entry.name == VENV and names:
                return []
            elif entry.name.lower() == MAIN.lower():
                other_case = other_case or _fenced(folder, entry.name)
            elif entry.kind == "link" and entry.name not in SKIPPED:
                links.append(entry.name)
        if other_case:
            return None
        for name in sorted(links):
            if disk.leads_away((*names, name), MAIN):
                what = "is a link to a skill elsewhere and was not followed; name it to read it"
                self._fault("symlink-escapes", _join(path, name), what)
        return inner

    def _fault(self, rule: str, path: str, message: str) -> None:
        self.faults.append(Fault(rule, printable(path), 0, 0, message))


def discover(path: str | os.PathLike[str], *, limits: Limits = LIMITS) -> Found:
    """Every skill at or below `path`: folders with a ``SKILL.md`` that lie in no other skill.

    A path that is a skill itself, a folder, a ``SKILL.md`` or an archive, is the only one found.
    Hidden folders (``.claude/skills``) are searched; version control, dependencies, virtual
    environments and caches are not (`names.SKIPPED`), and neither are archives. Links to folders
    are not followed: what they lead to in the same tree is found there, and a skill elsewhere is
    a fault `symlink-escapes`. A ``skill.md`` in another case counts if it opens with ``---``.

    Raises:
        MissingPathError: there is nothing at `path`.
        NotASkillError: it is a file, but neither a ``SKILL.md`` nor an archive.
    """
    return Found(path, limits)


def _fenced(folder: Folder, name: str) -> bool:
    """Whether the file opens with a frontmatter: a page about skills is not one."""
    try:
        return folder.entry(name).read(LIMITS.file_bytes).lstrip(b"\xef\xbb\xbf").startswith(b"---")
    except (RefusedError, TooLargeError):
        return True  # `read` says what is wrong with it


def _join(path: str, name: str) -> str:
    """`name` below `path`, without a dot for the folder one is in."""
    if path in ("", ".") or not name:
        return name or path
    return f"{path.rstrip('/')}/{name}"
