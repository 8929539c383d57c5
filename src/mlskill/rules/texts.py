"""texts: files that are no Markdown, as far as they can be looked into."""

from __future__ import annotations

from mlskill.model import Asset, Document, Skill, Source
from mlskill.reader import decode
from mlskill.reader.names import is_text
from mlskill.rules.once import once


def text(skill: Skill, path: str) -> Source | None:
    """The text of the page, script or settings at `path`; None where there is none to be read."""
    found = skill.by_path.get(path)
    if isinstance(found, Document):
        return found.source
    if not isinstance(found, Asset) or not readable(found):
        return None
    kept = _kept(skill)
    if path not in kept:
        kept[path] = decode(path, found.data or b"")
    return kept[path]


def readable(asset: Asset) -> bool:
    """Whether `asset` is a script, settings or a note, and is here."""
    return asset.data is not None and is_text(asset.path) and b"\0" not in asset.data


@once
def _kept(skill: Skill) -> dict[str, Source]:
    """The texts that were asked for."""
    return {}
