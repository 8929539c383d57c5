"""The nouns: what a skill tree is made of.

Everything here is frozen and plain. A position is a pair of offsets into the text of a `Source`
(code points, after line ends were normalised); `Source.place` turns it into lines and columns
where somebody wants to read it.

    Source ─▶ Document (Frontmatter, Section, Link, CodeBlock, Comment, Fault) ─▶ Skill
    Skill ─▶ Report (Finding) · Hit
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mlskill.pages import CodeBlock as CodeBlock
    from mlskill.pages import Comment as Comment
    from mlskill.pages import Document as Document
    from mlskill.pages import Edge as Edge
    from mlskill.pages import Frontmatter as Frontmatter
    from mlskill.pages import Link as Link
    from mlskill.pages import LinkKind as LinkKind
    from mlskill.pages import Role as Role
    from mlskill.pages import Section as Section
    from mlskill.pages import Skill as Skill

Severity = Literal["error", "warning", "advice"]
"""`error`: the specification forbids it. `warning`: it does harm. `advice`: it could be better."""


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
    def starts(self) -> Sequence[int]:
        """The offset at which each line starts."""
        lines = self.text.split("\n")
        lines.pop()  # no line starts after the last
        # A tuple takes ten times the memory.
        return array("I", accumulate((len(line) + 1 for line in lines), initial=0))

    def line_of(self, offset: int) -> int:
        """The line, from 1, in which `offset` lies."""
        return bisect_right(self.starts, max(0, min(offset, len(self.text))))

    def line(self, number: int) -> str:
        """The text of line `number`, from 1, without its line end."""
        # Most often it is the first: then the others need not be counted.
        start = self.starts[number - 1] if number > 1 else 0
        end = self.text.find("\n", start)
        return self.text[start:] if end == -1 else self.text[start:end]

    def place(self, start: int, end: int | None = None) -> Place:
        """Offsets as a place; offsets outside the text are moved to its edge."""
        size = len(self.text)
        start = max(0, min(start, size))
        end = max(start, min(size, start if end is None else end))
        if not end:  # the file as a whole: its lines need not be counted
            return Place(self.path, 1, 1, 1, 1)
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
    skill_characters: int = 4 << 20
    """Characters of all Markdown files of one skill that are parsed."""
    skill_blocks: int = 1_000_000
    """Tokens that the blocks of one skill become."""
    skill_table_cells: int = 100_000
    """Cells of all tables of one skill."""
    skill_brackets: int = 100_000
    """Brackets of one skill that are tried as the start of a link."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Asset:
    """A regular file that is not Markdown: it is there, and this large (bytes).

    `data` is None unless it is a script or settings (`reader.read`), says what people ask
    (``questions.txt``), or ``contents=True``.
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

    @property
    def by_path(self) -> dict[str, Source | Asset]:
        """Every file by its path, as `Skill.by_path` has them."""
        found: dict[str, Source | Asset] = {source.path: source for source in self.sources}
        return found | {asset.path: asset for asset in self.assets}


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
    findings only where another report has one with the same message: see `reports.merge`.
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


def __getattr__(name: str) -> Any:
    """The nouns of a parsed skill, which are made when they are first asked for."""
    if not name.startswith("_"):  # Python itself asks for a __path__
        from mlskill import pages

        if hasattr(pages, name):
            value = globals()[name] = getattr(pages, name)
            return value
    raise AttributeError(f"module 'mlskill.model' has no attribute {name!r}")
