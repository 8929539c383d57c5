"""A snapshot: all files of one skill as they were at one moment, with their digests."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from mlskill import frontmatter
from mlskill.apps.mcp.catalogue import Card, digest, refuse
from mlskill.apps.mcp.uris import uri
from mlskill.loader import loads
from mlskill.model import LIMITS, Limits, Skill
from mlskill.reader import decode, read
from mlskill.reader.names import MAIN

FILES = 512
"""Files of a skill that every host must take; it may refuse one that has more."""
BYTES = 16 << 20
"""Bytes of all files of a skill that every host must take."""


class Snapshot:
    """The skill of `card`, read at once: what is listed and what is served are the same bytes."""

    def __init__(self, card: Card, *, limits: Limits = LIMITS) -> None:
        sources = read(card.root, limits=limits, contents=True)
        self.card = card
        self.complete = sources.complete
        self.folders = sources.folders
        self.files: dict[str, bytes] = {source.path: source.raw for source in sources.sources}
        for asset in sources.assets:
            if asset.data is not None:
                self.files[asset.path] = asset.data

    @cached_property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digest of each file."""
        return {path: digest(raw) for path, raw in self.files.items()}

    @cached_property
    def skill(self) -> Skill:
        """The skill, parsed; for a client its folder is the URI."""
        skill = loads(self.files, root=self.card.place)
        return replace(skill, location=uri(self.card.place, MAIN))

    @cached_property
    def refusals(self) -> dict[str, str]:
        """Why it, or a skill in it, is not offered, by the folder of its ``SKILL.md``."""
        return {folder: reason for folder, reason, _ in self._skills if reason}

    def entry(self, folder: str = "") -> dict[str, Any] | None:
        """The entry of the skill in `folder`, of the skill itself without; None: not offered."""
        for inner, reason, data in self._skills:
            if inner == folder:
                return None if reason else self._entry(folder, data)
        return None

    def entries(self) -> Iterator[dict[str, Any]]:
        """The entry of the skill, then those of the skills in it."""
        for folder, reason, data in self._skills:
            if not reason:
                yield self._entry(folder, data)

    def children(self, folder: str) -> dict[str, str | None] | None:
        """What lies directly in `folder`: a file's path, None for a folder; None: no folder."""
        if folder and folder not in self.folders:
            return None
        start = len(folder) + bool(folder)
        found: dict[str, str | None] = {}
        for path in (*self.files, *self.folders):
            if path.startswith(f"{folder}/") if folder else path:
                name, slash, _ = path[start:].partition("/")
                found[name] = None if slash or path in self.folders else path
        return dict(sorted(found.items()))

    def _entry(self, folder: str, data: dict[str, Any]) -> dict[str, Any]:
        place = self.card.place
        return {
            "uri": uri(place, posixpath.join(folder, MAIN)),
            "frontmatter": data,
            "resources": [
                {"uri": uri(place, path), "digest": self.digests[path], "size": len(raw)}
                for path, raw in sorted(self.files.items())
                if not folder or path.startswith(f"{folder}/")
            ],
        }

    @cached_property
    def _skills(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Every ``SKILL.md`` in it: its folder, why it is not offered, its frontmatter."""
        found = []
        for path, raw in sorted(self.files.items(), key=lambda item: item[0].count("/")):
            folder, name = posixpath.split(path)
            if name == MAIN:
                matter = frontmatter.split(decode(path, raw))
                faults = [fault.message for fault in matter.faults]
                reason = refuse(matter.data, faults=faults) or self._excess(folder)
                own = posixpath.basename(folder) if folder else self.card.name
                if not reason and matter.data["name"] != own:
                    reason = f"its name is not that of its folder, {own}"
                found.append((folder, reason, dict(matter.data)))
        return found

    def _excess(self, folder: str) -> str:
        """Which limit the skill in `folder` breaks; empty if none."""
        sizes = [len(b) for p, b in self.files.items() if not folder or p.startswith(f"{folder}/")]
        if not self.complete:
            return "a limit kept files of it from being read"
        if len(sizes) > FILES:
            return f"it has more than {FILES} files"
        if sum(sizes) > BYTES:
            return f"its files have more than {BYTES:,} bytes"
        return ""
