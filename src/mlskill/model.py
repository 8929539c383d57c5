"""The nouns: what a skill tree is made of.

Everything here is frozen and plain. A position is a pair of offsets into the text of a `Source`
(code points, after line ends were normalised); `Source.place` turns it into lines and columns
where somebody wants to read it.

    Source ─▶ Document (Frontmatter, Section, Link, CodeBlock, Comment, Fault) ─▶ Skill
    Skill ─▶ Report (Finding) · Hit
"""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from urllib.parse import unquote

Severity = Literal["error", "warning", "advice"]
"""`error`: the specification forbids it. `warning`: it does harm. `advice`: it could be better."""

LinkKind = Literal["inline", "reference", "autolink", "html", "mention"]
"""How a target is written. A `mention` is a file's path in a code span."""

Role = Literal["root", "module", "resource", "script", "asset"]
"""What a file is for, by its place in the tree; see `linker.role`."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a file as people count: from 1, columns in code points, the end exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Source:
    r"""One text file: its bytes as they came, and its text with BOM gone and ``\n`` line ends.

    `path` is relative to the skill's root, with ``/``. `faults` holds what the reader saw.

    >>> source = Source("a.md", b"\xef\xbb\xbfone\r\ntwo", "one\ntwo")
    >>> str(source.place(5, 7)), source.line(2)
    ('a.md:2:2', 'two')
    """

    path: str
    raw: bytes = field(repr=False)
    text: str = field(repr=False)
    faults: tuple[Fault, ...] = ()

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The offset at which each line starts."""
        starts, at = [0], self.text.find("\n")
        while at != -1:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return tuple(starts)

    def line_of(self, offset: int) -> int:
        """The line, from 1, in which `offset` lies."""
        return bisect_right(self.starts, max(0, min(offset, len(self.text))))

    def line(self, number: int) -> str:
        """The text of line `number`, from 1, without its line end."""
        start = self.starts[number - 1]
        end = self.starts[number] - 1 if number < len(self.starts) else len(self.text)
        return self.text[start:end]

    def place(self, start: int, end: int | None = None) -> Place:
        """Offsets as a place; offsets outside the text are moved to its edge."""
        size = len(self.text)
        start = max(0, min(start, size))
        end = max(start, min(size, start if end is None else end))
        line, end_line = self.line_of(start), self.line_of(end)
        return Place(
            self.path,
            line,
            start - self.starts[line - 1] + 1,
            end_line,
            end - self.starts[end_line - 1] + 1,
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stranger's tree is read before a stage stops and says so (`limit-reached`).

    What comes after a reached limit is not read; the `Skill` is not `complete`, and its report's
    exit code is 3.

    The defaults hold every one of 926 public skills, and every attack we know to seconds; those for
    frontmatter, files and folders are those of NVIDIA SkillSpector's resource bounds (2026-06).
    """

    file_bytes: int = 2 << 20
    """Bytes of one Markdown file."""
    asset_bytes: int = 16 << 20
    """Bytes of one other file, where its contents are asked for."""
    total_bytes: int = 64 << 20
    """Bytes of all files read for one skill."""
    files: int = 10_000
    """Files and folders of one skill."""
    depth: int = 32
    """Folders one below the other."""
    skills: int = 100_000
    """Skills found below one path."""
    frontmatter_bytes: int = 256 << 10
    """Bytes between the fences of a frontmatter."""
    yaml_nodes: int = 10_000
    """Nodes of a frontmatter."""
    yaml_depth: int = 64
    """Nesting of a frontmatter."""
    nesting: int = 100
    """Nesting of Markdown containers (quotes, lists) and of inline markup."""
    lines: int = 100_000
    """Lines of one Markdown file."""
    table_cells: int = 20_000
    """Cells of all tables of one file."""
    blocks: int = 200_000
    """Tokens that the blocks of one file become: three for each paragraph or heading."""
    brackets: int = 20_000
    """Brackets of one file that are tried as the start of a link."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Asset:
    """A regular file that is not Markdown: it is there, and this large (bytes).

    `data` is None unless the skill was loaded with ``contents=True``.
    """

    path: str
    size: int
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a stage saw and could not pass on silently. `rule` names the rule that reports it.

    `start` and `end` are offsets into the text of the file at `path`. `related` is another place of
    it that belongs to the fault, and what is there.
    """

    rule: str
    path: str
    start: int
    end: int
    message: str
    related: tuple[int, int, str] | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """What the reader took from one skill's folder or archive.

    `root` is the folder as the caller named it, `location` the absolute path of its ``SKILL.md``;
    all other paths are relative to it. `sources` are the Markdown files, `assets` all others,
    `folders` every folder, each sorted by path. `faults` are those of no file that was read: what
    was left out and why. `complete` is false when a limit was reached. `project` is as in `Skill`.
    """

    root: str
    location: str
    sources: tuple[Source, ...]
    assets: tuple[Asset, ...] = ()
    folders: frozenset[str] = frozenset()
    project: bool = False
    complete: bool = True
    faults: tuple[Fault, ...] = ()


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


Save = Literal["without-bom", "lf", "utf-8"]
"""How a whole file is to be saved; of UTF-16 with its mark the characters are certain."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` in place of what stands between two places of a file, counted as in a `Finding`."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """The one right answer to a finding, in its own file: `edits`, or how to `save` all of it."""

    edits: tuple[Edit, ...] = ()
    save: Save | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that belongs to a finding, and what is there: where a key stood first."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault as reported: which rule, how bad, where, and what to do.

    Lines and columns count from 1, columns in code points, the end exclusive. `excerpt` is the
    text of the line at which it starts; of a very long line, the part from `excerpt_column`.
    `related` are other places that belong to it.
    """

    rule: str
    severity: Severity
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    excerpt: str = ""
    related: tuple[Related, ...] = ()
    fix: Fix | None = None

    @property
    def excerpt_column(self) -> int:
        """The column at which `excerpt` starts."""
        return 1 if self.column <= 200 else self.column - 100


@dataclass(frozen=True, slots=True)
class Allow:
    """That a comment allows `rule` in the lines `first` to `last` of the file at `path`."""

    path: str
    rule: str
    reason: str
    first: int
    last: int


Silence = Literal["comment", "settings", "baseline", "unchanged"]
"""What keeps a finding from being reported."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that is not reported, and why: `by` what, and the reason that was given."""

    finding: Finding
    by: Silence
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found, by file and place; `complete` is false when a limit was reached.

    `allows` are the comments that ask for silence, not yet obeyed: see `settler.settle`, which says
    what was `suppressed`. `fixed` are the findings that have just been mended. `claims` become
    findings only where another report has one with the same message: see `validator.merge`.
    """

    findings: tuple[Finding, ...] = ()
    skills: int = 0
    documents: int = 0
    complete: bool = True
    claims: tuple[Finding, ...] = ()
    allows: tuple[Allow, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    fixed: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> int:
        """3 when a limit was reached, 1 when something was found, else 0."""
        return 3 if not self.complete else int(bool(self.findings))


@dataclass(frozen=True, slots=True)
class Hit:
    """A section that answers a query; `path` and `anchor` name it for `render`."""

    path: str
    anchor: str
    title: str
    score: float
    tokens: int
    snippet: str
