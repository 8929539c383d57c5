"""Mover: files of a skill at new places, with each link and mention led to where its file went."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping

from mlskill.linker import resolve
from mlskill.model import Asset, Link, Skill, Source
from mlskill.reader.names import is_markdown
from mlskill.renderer import links, text
from mlskill.renderer.nodes import Node, lookup, nodes
from mlskill.rules.targets import ROOT

Where = Mapping[str, str]
"""By the path of a file from the skill's root: its new path, or the URI at which it now is."""

Files = Mapping[str, bytes]

_PATH = re.compile(r"(?<![\w@+.-])(?:[\w@+.-]{1,255}/){1,40}[\w@+.-]{0,255}")


class Mover:
    """Moves files of `skill`; `away` has the URI of each that is not moved along."""

    def __init__(self, skill: Skill, away: Where | None = None) -> None:
        self.skill, self.away = skill, away or {}
        self._nodes = {node.path: node for node in nodes(skill)}
        self._folders = {folder for path in skill.by_path for folder in _around(path)}

    def move(self, where: Where, extra: Mapping[str, list[text.Edit]] | None = None) -> Files:
        """The files that `where` gives a new path, by that path.

        A page on which nothing is changed keeps its bytes; another keeps its line ends and mark.
        `extra` has more edits for some pages.
        """
        files: dict[str, bytes] = {}
        folders = _folders(where)
        for path, new in where.items():
            file, node = self.skill.by_path[path], self._nodes.get(path)
            if node is not None:
                address = self._address(node, where, folders)
                edits = [*links.retarget(node.raw, address, inline=False, mentions=True)]
                files[new] = _edited(node.raw.source, [*edits, *(extra or {}).get(path, ())])
            elif isinstance(file, Asset) and file.data is not None:
                files[new] = file.data
        return files

    def stale(self, files: Files, where: Where) -> Iterator[str]:
        """Words of the pages in `files`, mostly code, never edited, that name what moved."""
        here = {*files, *(folder for path in files for folder in _around(path))}
        for path in sorted(filter(is_markdown, files)):
            page = files[path].decode(errors="replace")
            said: set[str] = set()
            for found in _PATH.finditer(page):
                name = found[0].removeprefix("./").rstrip("/.")
                there = where.get(name) or self.away.get(name)
                there = there or ("in another folder" if name in self._folders else None)
                if there and name not in here and name not in said:
                    said.add(name)
                    line = page.count("\n", 0, found.start()) + 1
                    yield f"{path}:{line}: says {found[0]}, which is now {there}"

    def _address(self, node: Node, where: Where, folders: Where) -> links.Address:
        """What the links of the page `node` are to point to."""
        page = where[node.path]
        here = posixpath.dirname(page)

        def address(link: Link) -> str | None:
            root = ROOT.match(link.path)
            path = node.prefix + link.path[root.end() :] if root else self._path(node, link)
            new = where.get(path) or self.away.get(path) or folders.get(path)
            if not path or new is None or (new == path and page == node.path):
                return None
            if root and not _is_uri(new):
                target = root[0] + new
            elif _is_uri(new) or (link.kind == "mention" and resolve("", link.path) == path):
                target = new
            else:
                target = posixpath.relpath(new, here or ".")
            if link.kind == "mention":
                return target + link.target[len(link.target.partition("#")[0]) :]
            return links.from_root(link, target)

        return address

    def _path(self, node: Node, link: Link) -> str:
        """The path from the root that `link` in `node` means; empty for its own page."""
        return lookup(self.skill, node, link)[0] if link.path else ""


def _is_uri(place: str) -> bool:
    return "://" in place


def _folders(where: Where) -> dict[str, str]:
    """By the path of a folder: the one that now holds all that it held."""
    held: dict[str, set[str]] = {}
    for path, new in where.items():
        for folder in _around(path):
            held.setdefault(folder, set()).add(posixpath.dirname(new))
    return {
        folder: posixpath.commonpath([f"x/{path}" for path in paths])[2:] or "."
        for folder, paths in held.items()
    }


def _edited(source: Source, edits: Iterable[text.Edit]) -> bytes:
    r"""The bytes of `source` with `edits` made, which count in its text.

    >>> _edited(Source("a", b"\xef\xbb\xbf[a](b)\r\nc\n", "[a](b)\nc\n"), [(4, 5, "d")])
    b'\xef\xbb\xbf[a](d)\r\nc\n'
    """
    edits = [*edits]
    if not edits:
        return source.raw
    mark = source.raw.startswith(BOM_UTF8)
    whole = source.raw.removeprefix(BOM_UTF8).decode(errors="replace")
    # Where the text has one character for a line end of two, by offsets in the text.
    breaks = [found.start() - i for i, found in enumerate(re.finditer("\r\n", whole))]

    def at(offset: int) -> int:
        return offset + bisect_left(breaks, offset)

    end = "\r\n" if breaks and whole.count("\n") == len(breaks) else "\n"
    edits = [(at(first), at(last), new.replace("\n", end)) for first, last, new in edits]
    return BOM_UTF8 * mark + text.apply(whole, edits).encode()


def _around(path: str) -> Iterator[str]:
    """The folders that `path` lies in."""
    return (path[:at] for at, char in enumerate(path) if char == "/")
