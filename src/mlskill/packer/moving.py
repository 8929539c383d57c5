"""move: files of a skill at new places, with each link and mention led to where its file went."""

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

_PATH = re.compile(r"(?<![\w@+.-])(?:[\w@+.-]{1,255}/){1,40}[\w@+.-]{0,255}")


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
        self._folders: dict[str, set[str]] = {}
        for path, new in where.items():
            if not _is_uri(new):
                for folder in _around(path):
                    self._folders.setdefault(folder, set()).add(posixpath.dirname(new))

    def address(self, node: Node) -> links.Address:
        """What the links of the page `node` are to point to."""
        page = self.where[node.path]
        here = posixpath.dirname(page)

        def address(link: Link) -> str | None:
            root = ROOT.match(link.path)
            path = node.prefix + link.path[root.end() :] if root else self._path(node, link)
            new = self.where.get(path) or self._folder(path)
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

    def _folder(self, path: str) -> str | None:
        """The folder that now holds all that the folder `path` held."""
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

    end = "\r\n" if breaks and whole.count("\n") == len(breaks) else "\n"
    edits = [(at(first), at(last), new.replace("\n", end)) for first, last, new in edits]
    return BOM_UTF8 * mark + text.apply(whole, edits).encode()


def stale(files: Mapping[str, bytes], where: Where) -> Iterator[str]:
    """Words of a page, mostly code, which is never edited, that name what is elsewhere now."""
    gone = {old: new for old, new in where.items() if old != new and old not in files}
    left = {folder for path in where for folder in _around(path)}
    left -= {folder for path in files for folder in _around(path)}
    gone |= dict.fromkeys(left, "in another folder")
    for path in sorted(filter(is_markdown, files)):
        text = files[path].decode(errors="replace")
        said: set[str] = set()
        for found in _PATH.finditer(text):
            name = found[0].removeprefix("./").rstrip("/.")
            if name in gone and name not in said:
                said.add(name)
                line = text.count("\n", 0, found.start()) + 1
                yield f"{path}:{line}: says {found[0]}, which is now {gone[name]}"


def _around(path: str) -> Iterator[str]:
    """The folders that `path` lies in."""
    return (path[:at] for at, char in enumerate(path) if char == "/")
