"""pack: a skill as files that a runtime installs, with every link led along.

    moving.py   files at new places: the edits of links and mentions
    places.py   paths that every system can hold, none given twice
    shapes.py   one skill as it is, with flat references, or as one for each module
    layouts.py  what stands around it: AGENTS.md, a plugin, a well-known index
    archive.py  a zip whose bytes depend on the files alone
    disk.py     files to disk, whole or not at all

    skill ─shape─▶ Bundles ─layout─▶ Pack ─▶ folder or archive

A skill's text and names are a stranger's: no name becomes a path before `places` has seen it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mlskill.errors import UnknownNameError
from mlskill.model import Skill
from mlskill.packer import layouts
from mlskill.packer.archive import zipped
from mlskill.packer.disk import write
from mlskill.packer.places import portable
from mlskill.packer.shapes import Bundle, Wish, flat, whole
from mlskill.packer.shapes import split as parts

__all__ = ["LAYOUTS", "Layout", "Pack", "pack", "write"]

_LEFT_OUT = frozenset(
    (
        *("archive-unsafe", "file-not-regular", "file-unreadable", "limit-reached"),
        "symlink-escapes",
    )
)
"""What a fault of the reader says that kept a file from being read."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to pack: where a skill's files are wished to be, and what is put around them."""

    summary: str
    wish: Wish = portable
    around: Callable[[Skill, Sequence[Bundle]], dict[str, bytes]] = layouts.bare


LAYOUTS: Mapping[str, Layout] = {
    "tree": Layout("the skill's own folders"),
    "references": Layout("all pages flat in references/ (Google ADK, Agno)", flat),
    "agents-md": Layout("AGENTS.md over .agents/skills/", around=layouts.agents_md),
    "claude-plugin": Layout("a Claude Code plugin and marketplace", around=layouts.claude_plugin),
    "well-known": Layout("/.well-known/agent-skills/ of a site", around=layouts.well_known),
}
"""Every layout by name."""


@dataclass(frozen=True)
class Pack:
    """Packed files by path. `name` is the skill's; `notes` say what a reader has to know.

    `folder` is what the files lie in inside an archive: a runtime wants a skill in a folder of its
    name. `complete` is false when something of the skill could not be read.
    """

    name: str
    files: Mapping[str, bytes] = field(repr=False)
    folder: str = ""
    notes: tuple[str, ...] = ()
    complete: bool = True

    @cached_property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each file, in hexadecimal, by path."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in sorted(self.files.items())}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of all of it: of the lines that ``sha256sum`` prints for the files."""
        lines = "".join(f"{digest}  {path}\n" for path, digest in self.digests.items())
        return hashlib.sha256(lines.encode()).hexdigest()

    def archive(self) -> bytes:
        """The files as a zip archive, equal to the byte for equal files."""
        inner = f"{self.folder}/" if self.folder else ""
        return zipped({inner + path: data for path, data in self.files.items()})


def pack(skill: Skill, *, layout: str = "tree", split: bool = False) -> Pack:
    """`skill`, loaded with ``contents=True``, as files for a runtime; `split`: a skill a module.

    Links and mentions follow the files that moved; code is never edited, and `notes` name the
    blocks whose paths are stale. Nothing touches the disk: see `write`.

    Raises:
        UnknownNameError: there is no such layout.
        PackError: it cannot be packed so: nothing to split, nothing to publish it by.
    """
    if layout not in LAYOUTS:
        raise UnknownNameError("layout", layout, LAYOUTS)
    how = LAYOUTS[layout]
    bundles = parts(skill, how.wish) if split else [whole(skill, how.wish)]
    left = [*_left_out(skill)]
    single = how.around is layouts.bare and len(bundles) == 1
    return Pack(
        name=bundles[0].name,
        files=how.around(skill, bundles),
        folder=bundles[0].name if single else "",
        notes=(*left, *(note for bundle in bundles for note in bundle.notes)),
        complete=not left,
    )


def _left_out(skill: Skill) -> list[str]:
    """What of `skill` is not in the pack, and why."""
    inner = [(s, fault) for s in skill.walk() for fault in s.faults if fault.rule in _LEFT_OUT]
    left = [f"{s.prefix}{fault.path}: {fault.message}" for s, fault in inner]
    named = {fault.path for _, fault in inner}
    for s in skill.walk():
        for asset in s.assets:
            if asset.data is None and asset.path not in named:
                left.append(f"{s.prefix}{asset.path}: its contents were not loaded")
    return left
