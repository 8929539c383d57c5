"""merge: several documents as one, in which every heading and link finds its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from mlskill import parser
from mlskill.anchors import slug
from mlskill.model import LIMITS, Document, Link, Section, Skill, Source
from mlskill.renderer import links, text
from mlskill.renderer.nodes import Node, lookup, rooted

_PER_FILE = ("lines", "table_cells", "blocks", "brackets")
_Anchors = dict[str, tuple[Document, dict[Section, str]]]
"""By path: a document, and the anchor in the merged text of each of its sections."""


@dataclass(frozen=True, slots=True)
class _Page:
    """A document to be merged: `title` is what has to be put before it, `shift` its levels."""

    node: Node
    title: str
    shift: int

    def level(self, section: Section) -> int:
        """The level of `section`'s heading in the merged text."""
        return text.level(section, self.shift)

    def write(self, address: links.Address) -> str:
        document = self.node.document
        edits = [
            *text.shift(document, self.shift),
            *links.retarget(document, address, inline=True),
        ]
        body = text.body(document, edits)
        return f"{self.title}\n\n{body}".strip("\n") if self.title else body


def _page(node: Node, depth: int) -> _Page:
    document = node.document
    headings = document.sections[1:]
    top = min((s.level for s in headings), default=0)
    level = min(6, depth + 1)
    own = (
        bool(headings)
        and headings[0].level == top
        and sum(s.level == top for s in headings) == 1
        and not text.body(document, (), 0, headings[0].start)
        and bool(slug(headings[0].title))
    )
    if own:
        return _Page(node, "", level - top)
    # Without a title of its own a document would fall under the last heading of the one before.
    title = text.inline(document.name)
    title = title if slug(title) else text.inline(node.path)
    return _Page(node, f"{'#' * level} {title}", level + 1 - top)


def merge(skill: Skill, nodes: tuple[Node, ...]) -> str:
    """`nodes` of `skill` as one Markdown text; the first is the top.

    Headings move below the place of their document in the tree (to level six at most). Links to a
    document or a section lead to its heading here, by GitHub's rules; those to other files are
    paths from the skill's root.
    """
    pages = [_page(node, node.depth - nodes[0].depth) for node in nodes]
    # What a link points to changes no heading: a first reading tells where each of them ends up.
    draft = _parse("\n\n".join(page.write(lambda link: None) for page in pages), len(pages))
    anchors = _anchors(pages, draft)
    merged = "\n\n".join(p.write(partial(_target, skill, p.node, anchors)) for p in pages)
    for _ in range(3 if "]:" in merged else 0):
        # No link by reference is left, so one that shows up owes itself to another's definition.
        links = _parse(merged, len(pages)).links
        loose = [k.start + k.image for k in links if k.kind == "reference"]
        if not loose:
            break
        merged = text.apply(merged, [(at, at, "\\") for at in loose])
    return merged


def _parse(whole: str, pages: int) -> Document:
    """The merged text as a document, under the limits of as many files as it is made of."""
    limits = {name: getattr(LIMITS, name) * pages for name in _PER_FILE}
    return parser.parse(Source("", b"", whole), limits=replace(LIMITS, **limits))


def _anchors(pages: list[_Page], merged: Document) -> _Anchors:
    """Where each section of each page went; empty when its headings are not those of the pages."""
    found: _Anchors = {}
    headings = sum(bool(p.title) + len(p.node.document.sections) - 1 for p in pages)
    if len(merged.sections) != 1 + headings:
        return {}
    at = 1
    for page in pages:
        sections = page.node.document.sections
        at += bool(page.title)
        moved = merged.sections[at : at + len(sections) - 1]
        if [s.level for s in moved] != [page.level(s) for s in sections[1:]]:
            return {}
        own = [merged.sections[at - 1 if page.title else at].anchor]
        for section, new in zip(sections[1:], moved, strict=True):
            own.append(new.anchor or own[section.parent or 0])
        found[page.node.path] = page.node.document, dict(zip(sections, own, strict=True))
        at += len(moved)
    return found


def _target(skill: Skill, node: Node, anchors: _Anchors, link: Link) -> str | None:
    """What `link` in `node` has to point to in the merged text; None: leave it as it is."""
    path, file = lookup(skill, node, link)
    if path not in anchors or link.image or not isinstance(file, Document):
        return rooted(skill, node, link)
    document, places = anchors[path]
    # A section that is not there is told by `validate`; the document is the next best place.
    section = document.section(link.fragment) or document.sections[0]
    return "#" + places[section]
