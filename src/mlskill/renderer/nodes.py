"""A skill's documents as nodes of one tree, nested skills included, named from its root."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mlskill import linker
from mlskill.errors import UnknownNameError
from mlskill.model import Asset, Document, Link, Section, Skill
from mlskill.renderer import links, text


@dataclass(frozen=True)
class Node:
    """A document in its tree: `prefix` is its skill's place, `depth` counts from ``SKILL.md``.

    `parent` is the path of the document that introduces it; None for the root and for orphans.
    """

    raw: Document
    prefix: str
    depth: int
    parent: str | None

    @property
    def path(self) -> str:
        """The document's path from the outermost root."""
        return self.prefix + self.raw.path

    @cached_property
    def document(self) -> Document:
        """The document without its comments."""
        return text.clean(self.raw)

    @cached_property
    def body(self) -> str:
        """What the document says: neither frontmatter nor comments."""
        return text.body(self.document)

    @property
    def purpose(self) -> str:
        """One line that says what the document is for."""
        document = self.document
        said = document.frontmatter.texts.get(("description",), "").strip() or document.description
        # A lead that is a list, a table or a block of code says little in one line.
        return text.shorten(said if said[:1].isalnum() else document.title)


def nodes(skill: Skill, prefix: str = "", depth: int = 0) -> Iterator[Node]:
    """Every document in reading order: those of `skill`, then those of the skills in it."""
    depths = {skill.main.path: depth}
    for document in skill.documents:  # a parent comes before its children
        parent = skill.parents.get(document.path)
        if document is not skill.main:
            depths[document.path] = depths.get(parent or "", depth) + 1
        yield Node(
            document, prefix, depths[document.path], None if parent is None else prefix + parent
        )
    for inner in skill.skills:
        yield from nodes(inner, prefix + inner.prefix, depth + 1)


def below(found: tuple[Node, ...], top: Node) -> tuple[Node, ...]:
    """`top` and all nodes under it, in reading order."""
    if top.depth == 0:
        return found
    at = found.index(top)
    end = next((i for i in range(at + 1, len(found)) if found[i].depth <= top.depth), len(found))
    return found[at:end]


def find(found: tuple[Node, ...], target: str) -> tuple[Node, Section | None]:
    """The document, and the section if there is an anchor, that `target` names.

    A document is named by its path, its frontmatter's name, or its file's name without suffix; of
    several with one name the first in reading order is meant. ``#anchor`` is one of ``SKILL.md``.

    Raises:
        UnknownNameError: there is none.
    """
    node = _named(found, target)
    if node is not None:
        return node, None
    name, _, anchor = target.rpartition("#") if "#" in target else (target, "", "")
    node = _named(found, name) if name else found[0]
    if node is None:
        known = {n.path for n in found} | {n.raw.name for n in found} | {n.raw.stem for n in found}
        raise UnknownNameError("document", name, known)
    section = node.document.section(anchor) or _moved(node, anchor)
    if section is None:
        raise UnknownNameError(f"section of {text.line(node.path)}", anchor, node.document.anchors)
    return node, section


def _moved(node: Node, anchor: str) -> Section | None:
    """The section that had `anchor` before a comment was taken out of its heading."""
    section, sections = node.raw.section(anchor), node.document.sections
    if section is None or len(sections) != len(node.raw.sections):
        return None
    return sections[node.raw.sections.index(section)]


def _named(found: tuple[Node, ...], name: str) -> Node | None:
    name = name.removeprefix("./")
    for names in (
        {n.path: n for n in reversed(found)},
        {n.raw.name: n for n in reversed(found)},
        {n.raw.stem: n for n in reversed(found)},
    ):
        if name in names:
            return names[name]
    return None


def lookup(skill: Skill, node: Node, link: Link) -> tuple[str, Document | Asset | None]:
    """The path from `skill`'s root that `link` in `node` means, and the file if it is there.

    As in `linker`: from the document's folder, then from its skill's root; a nested skill may also
    point to the tree around it. The path is empty where the link is none to a file of this host.
    """
    if not link.internal:
        return "", None
    inside = [node.prefix + path for path in linker.candidates(node.raw.path, link.path)]
    paths = [*inside, *linker.candidates(node.path, link.path)]
    for path in paths:
        if path in skill.by_path:
            return path, skill.by_path[path]
    for path in paths:
        if path in skill.folders:
            return path, None
    if link.path.startswith("/") or "\\" in link.path:
        return "", None
    return posixpath.normpath(posixpath.join(posixpath.dirname(node.path), link.path)), None


def rooted(skill: Skill, node: Node, link: Link) -> str | None:
    """The target of `link` as a path from `skill`'s root; None where it is written so already."""
    path, _ = lookup(skill, node, link)
    if not link.path or not path or posixpath.normpath(link.path) == path:
        return None
    return links.from_root(link, path)


def assets(skill: Skill, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Every file that is not Markdown, with its size in bytes."""
    for asset in skill.assets:
        yield prefix + asset.path, asset.size
    for inner in skill.skills:
        yield from assets(inner, prefix + inner.prefix)
