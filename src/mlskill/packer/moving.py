"""move: files of a skill at new places, with each link and mention led to where its file went."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping

from mlskill.linker import resolve
from mlskill.model import Asset, Link, Skill, Source
from mlskill.renderer import links, text
from mlskill.renderer.nodes import Node, lookup, nodes

Where = Mapping[str, str]
"""By the path of a file from the skill's root: its new path, or the URI at which it now is."""

_PATH = re.compile(r"(?:[\w@+.-]+/)+[\w@+.-]+")


def move(
    skill: Skill, where: Where, extra: Mapping[str, list[text.Edit]] | None = None
) -> dict[str, bytes]:
    """The files of `skill` that `where` gives a path, by that path; those with a URI are away.

    A page on which nothing is changed keeps its bytes; another keeps its line ends and its mark.
    `extra` has more edits for some pages.
    """
    index = _Index(skill, where)
    files: dict[str, bytes] = {}
    for node in nodes(skill):
        new = where.get(node.path, "")
        if new and not _is_uri(new):
            edits = [*links.retarget(node.raw, index.address(node), inline=False, mentions=True)]
            edits += (extra or {}).get(node.path, ())
            files[new] = _edited(node.raw.source, edits)
    for path, file in skill.by_path.items():
        new = where.get(path, "")
        if isinstance(file, Asset) and file.data is not None and new and not _is_uri(new):
            files[new] = file.data
    return files


def _is_uri(place: str) -> bool:
    return "://" in place


class _Index:
    """Where everything in a skill went, its folders too."""

    def __init__(self, skill: Skill, where: Where) -> None:
        self.skill, self.where = skill, where
        self._folders: dict[str, list[str]] = {}
        for path, new in where.items():
            if not _is_uri(new):
                for at, char in enumerate(path):
                    if char == "/":
                        self._folders.setdefault(path[:at], []).append(posixpath.dirname(new))

    def address(self, node: Node) -> links.Address:
        """What the links of the page `node` are to point to."""
        page = self.where[node.path]
        here = posixpath.dirname(page)

        def address(link: Link) -> str | None:
            path, _ = lookup(self.skill, node, link)
            if not link.path or not path:
                return None
            new = self.where.get(path) or self._folder(path)
            if new is None or (new == path and page == node.path):
                return None
            uri = _is_uri(new)
            rooted = link.kind == "mention" and resolve("", link.path) == path
            target = new if uri or rooted else posixpath.relpath(new, here or ".")
            if link.kind == "mention":
                return target + link.target[len(link.target.partition("#")[0]) :]
            return links.from_root(link, target)

        return address

    def _folder(self, path: str) -> str | None:
        """The folder to which most speaks: the one that holds all that `path` held."""
        held = self._folders.get(path)
        return None if held is None else posixpath.commonpath(["x/" + p for p in held])[2:] or "."


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

    new = text.apply(whole, [(at(start), at(end), new) for start, end, new in edits])
    return BOM_UTF8 * mark + new.encode()


def stale(skill: Skill, where: Where) -> Iterator[str]:
    """Code that names a file by a path that it no longer has: code is never edited."""
    moved = {path: new for path, new in where.items() if path != new}
    for node in nodes(skill):
        for block in node.raw.blocks:
            for path in sorted(set(_PATH.findall(block.text)) & moved.keys()):
                yield f"{node.path}:{block.line}: code names {path}, which is now {moved[path]}"
