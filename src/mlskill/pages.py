"""The nouns of a parsed skill: documents and what is in them, and the tree they form.

They are names of `mlskill.model` and are imported from there; they stand in a file of their own
because making a class like these takes a millisecond, and whoever only finds a kept report again
needs none of them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from urllib.parse import unquote

from mlskill.model import Asset, Fault, Place, Source

LinkKind = Literal["inline", "reference", "autolink", "html", "mention"]
"""How a target is written. A `mention` is a file's path in a code span."""

Role = Literal["root", "module", "resource", "script", "asset"]
"""What a file is for, by its place in the tree; see `linker.role`."""


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """The block of keys at a file's head: `data` as recovered, `keys` where each key stands.

    `data` is typed as YAML says and fit for JSON; `texts` holds each scalar as text by its path
    (``("metadata", "version")``), so that a name ``007`` is not lost to a number. `keys` maps a
    path to the offsets of its key, `values` to those of its value. `start` and `end` enclose the
    block with its fences; both are 0 when there is none. `repaired` is true where lenient reading
    had to mend the text to understand it.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[tuple[str | int, ...], str] = field(default_factory=dict)
    keys: Mapping[tuple[str | int, ...], tuple[int, int]] = field(default_factory=dict)
    values: Mapping[tuple[str | int, ...], tuple[int, int]] = field(default_factory=dict)
    start: int = 0
    end: int = 0
    repaired: bool = False
    faults: tuple[Fault, ...] = ()

    @property
    def present(self) -> bool:
        """Whether the file has a frontmatter at all."""
        return self.end > 0


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what belongs to it, up to the next heading of its level or above.

    The first section of every document has level 0 and anchor ``""``: it is the document's body as
    a whole, and its own text is the lead. `start` to `end` is the section with its subsections,
    `start` to `text_end` only its own text; `body_start` is where the text under the heading
    begins. `parent` is the position of the section around it in `Document.sections`.
    """

    anchor: str
    title: str
    level: int
    start: int
    body_start: int
    text_end: int
    end: int
    parent: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """A link, an image or a mention, from `start` to `end`.

    `target` is the destination as written, percent-encoding kept. `target_start` and `target_end`
    enclose it in the text (in the definition, for a link by reference); -1 where it is not known.
    """

    kind: LinkKind
    target: str
    text: str
    start: int
    end: int
    image: bool = False
    target_start: int = -1
    target_end: int = -1

    @property
    def path(self) -> str:
        """The target's path, decoded: ``sub-skills/a.md`` of ``sub-skills/a.md#b``."""
        return unquote(self.target.partition("#")[0].partition("?")[0])

    @property
    def fragment(self) -> str:
        """The target's fragment, decoded and without ``#``; empty when there is none."""
        return unquote(self.target.partition("#")[2])

    @property
    def scheme(self) -> str:
        """The target's scheme in lower case (``https``); empty for a path."""
        head, colon, _ = self.target.partition(":")
        if colon and len(head) > 1 and head[0].isalpha() and head.isascii():
            if all(c.isalnum() or c in "+.-" for c in head):
                return head.lower()
        return ""

    @property
    def internal(self) -> bool:
        """Whether it points to a file of the tree, not to another host or scheme."""
        return not self.scheme and not self.target.startswith("//") and bool(self.target)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced block (`fence` as written, e.g. three backticks) or an indented one (`fence` empty).

    `info` is the info string as written, `language` its first word in lower case. `text` has the
    container's indentation removed and ends with a newline unless it is empty; its first line is
    line `line` of the file.
    `start` to `end` covers the fences. `closed` is false when the file ends before the fence does.
    `section` is the position of the section it stands in.
    """

    language: str
    info: str
    text: str
    start: int
    end: int
    line: int
    fence: str
    closed: bool
    section: int


@dataclass(frozen=True, slots=True)
class Comment:
    """An HTML comment, from ``<!--`` to ``-->``; readers of the page do not see its `text`."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """One Markdown file, parsed: every node of the tree has this same shape.

    `sections` is in the order of the text; `anchors` maps each anchor, of a heading or an HTML id,
    to the position of the section in which it lies. `closer` is what must follow the text so that
    nothing it left open (a fence, a comment) swallows what comes after it; mostly empty.
    """

    source: Source
    frontmatter: Frontmatter
    sections: tuple[Section, ...]
    links: tuple[Link, ...] = ()
    mentions: tuple[Link, ...] = ()
    blocks: tuple[CodeBlock, ...] = ()
    comments: tuple[Comment, ...] = ()
    anchors: Mapping[str, int] = field(default_factory=dict)
    closer: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def path(self) -> str:
        """The file's path from the skill's root."""
        return self.source.path

    @property
    def text(self) -> str:
        """The whole text, frontmatter included; all offsets count in it."""
        return self.source.text

    @property
    def body(self) -> str:
        """The text after the frontmatter."""
        return self.source.text[self.frontmatter.end :]

    @property
    def stem(self) -> str:
        """The file's name without its suffix: ``ab`` of ``sub-skills/ab.md``."""
        return posixpath.splitext(posixpath.basename(self.path))[0]

    @property
    def name(self) -> str:
        """The frontmatter's `name` where there is one, else the file's stem."""
        return self.frontmatter.texts.get(("name",), "").strip() or self.stem

    @property
    def description(self) -> str:
        """The frontmatter's `description` where there is one, else the lead's first paragraph."""
        text = self.frontmatter.texts.get(("description",), "").strip()
        return text or " ".join(self.lead.partition("\n\n")[0].split())

    @cached_property
    def title(self) -> str:
        """The first heading of the first level used, else the name."""
        headings = self.sections[1:]
        if headings and headings[0].level == min(s.level for s in headings):
            return headings[0].title
        return self.name

    @property
    def lead(self) -> str:
        """The text between the title, if it opens the document, and the next heading."""
        own = self.sections[0]
        lead = self.text[own.body_start : own.text_end].strip()
        if not lead and len(self.sections) > 1 and self.sections[1].title == self.title:
            first = self.sections[1]
            lead = self.text[first.body_start : first.text_end].strip()
        return lead

    def section(self, anchor: str) -> Section | None:
        """The section that `anchor` lies in; None when there is no such anchor."""
        if not anchor:
            return self.sections[0]
        at = self.anchors.get(anchor)
        if at is None:
            at = self.anchors.get(anchor.lower())
        return None if at is None else self.sections[at]

    def place(self, item: Any) -> Place:
        """Where `item` (anything with `start` and `end`) stands."""
        return self.source.place(item.start, item.end)


@dataclass(frozen=True, slots=True)
class Edge:
    """That the document at `source` points to the file at `target` of the same tree."""

    source: str
    target: str
    fragment: str
    link: Link


@dataclass(frozen=True)
class Skill:
    """A tree of documents under one ``SKILL.md``.

    `root` is the folder as the caller named it, `location` the absolute path of its ``SKILL.md``.
    `documents` are in reading order (``SKILL.md`` first, then what it leads to, then what nothing
    leads to); `parents` maps a document's path to the one that introduces it. `skills` are the
    trees under a ``SKILL.md`` below this one; their paths are relative to their own root, which
    `prefix` names as seen from the root around it (``"skills/child/"``; empty for the outermost).
    `project` is true where ``SKILL.md`` lies at the root of a repository, beside files that are not
    the skill's. `complete` is false when a limit kept something from being read.
    """

    root: str
    location: str
    documents: tuple[Document, ...]
    assets: tuple[Asset, ...] = ()
    skills: tuple[Skill, ...] = ()
    edges: tuple[Edge, ...] = ()
    parents: Mapping[str, str] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    prefix: str = ""
    project: bool = False
    complete: bool = True
    faults: tuple[Fault, ...] = ()

    @property
    def main(self) -> Document:
        """The ``SKILL.md``."""
        return self.documents[0]

    @property
    def name(self) -> str:
        """The frontmatter's `name`, else the folder's."""
        name = self.main.frontmatter.texts.get(("name",), "").strip()
        return name or posixpath.basename(posixpath.dirname(self.location)) or self.main.stem

    @property
    def description(self) -> str:
        """The description of its ``SKILL.md``."""
        return self.main.description

    @cached_property
    def by_path(self) -> dict[str, Document | Asset]:
        """Every file of the tree by its path from this root, those of nested skills too."""
        found: dict[str, Document | Asset] = {d.path: d for d in self.documents}
        found.update((a.path, a) for a in self.assets)
        for skill in self.skills:
            found.update((skill.prefix + path, item) for path, item in skill.by_path.items())
        return found

    @property
    def modules(self) -> tuple[Document, ...]:
        """Every document but ``SKILL.md``, in reading order."""
        return self.documents[1:]

    def walk(self) -> Iterator[Skill]:
        """This skill and all skills nested in it, outermost first."""
        yield self
        for skill in self.skills:
            yield from skill.walk()
