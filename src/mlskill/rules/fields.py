"""fields: what the specification has against the values of a frontmatter, and where."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import TYPE_CHECKING, Any

from mlskill.model import Document, Skill
from mlskill.rules import keys
from mlskill.rules.once import once
from mlskill.specification import FIELDS, keeps

if TYPE_CHECKING:
    from mlskill.schema import Mistake

_Path = tuple[str | int, ...]
_MADE_OF = frozenset(("frontmatter-invalid", "frontmatter-colon"))


def mistakes(skill: Skill, field: str | None = None, *kinds: str) -> Iterator[Mistake]:
    """What the specification has against one field, or all, of a ``SKILL.md``; of some kinds."""
    for mistake in _all(skill):
        if field in (None, mistake.path[0]) and (not kinds or mistake.kind in kinds):
            yield mistake


@once
def _all(skill: Skill) -> tuple[Mistake, ...]:
    """What the specification has against the skill's ``SKILL.md``."""
    data = skill.main.frontmatter.data
    if not data or keeps(data):
        return ()
    from mlskill.schema import mistakes

    return tuple(mistakes(data))


def is_empty(main: Document, field: str) -> bool:
    """Whether nothing but white space is written there."""
    value = main.frontmatter.data[field]
    if isinstance(value, str):
        return not value.strip()
    return value is None and not main.frontmatter.texts.get((field,))


def is_unreadable(main: Document, field: str) -> bool:
    """Whether YAML could not read the value, so that its type is what was made of it."""
    start, end = main.frontmatter.values.get((field,), (0, 0))
    return any(
        start - 1 <= fault.start <= end
        for fault in main.frontmatter.faults
        if fault.rule in _MADE_OF
    )


def meant(key: str) -> str:
    """The field that `key` is a misspelling of; empty when it is none."""
    if key in FIELDS or len(key) > 20:
        return ""
    from difflib import get_close_matches

    return next(iter(get_close_matches(plain(key), FIELDS, n=1, cutoff=0.8)), "")


def plain(key: str) -> str:
    """A key as the specification would write it: ``Allowed_Tools`` is ``allowed-tools``."""
    return key.lower().replace("_", "-").strip()


def place(document: Document, path: _Path) -> tuple[int, int]:
    """Where the key at `path` stands, or the nearest around it; else the frontmatter's fence."""
    keys = document.frontmatter.keys
    while path and path not in keys:
        path = path[:-1]
    return keys.get(path, (document.frontmatter.start, document.frontmatter.start + 3))


def wrong(document: Document, mistake: Mistake) -> str:
    """What is wrong with a value, and what to do."""
    field = ".".join(map(str, mistake.path))
    if mistake.kind == "string_too_long":
        most = mistake.limits["max_length"]
        return f"{field} has {len(mistake.value):,} characters; at most {most:,} are allowed"
    if mistake.kind == "string_too_short" or mistake.value is None:
        return f"{field} has no value; write one or remove the key"
    if mistake.kind == "dict_type":
        return f"{field} must be a map of texts, not {_kind(mistake.value)}"
    return not_text(document, mistake.path, mistake.value)


def not_text(document: Document, path: _Path, value: Any) -> str:
    """What is wrong with a value that should be text."""
    field = ".".join(map(str, path))
    if not isinstance(value, (list, dict)):
        written = document.frontmatter.texts.get(path, str(value))[:40]
        return f"{field} must be text, but YAML reads {written} as {_kind(value)}; put it in quotes"
    hint = "separate its words with spaces" if field == "allowed-tools" else "write it as text"
    return f"{field} must be text, not {_kind(value)}; {hint}"


def mended(document: Document, mistake: Mistake) -> keys.Fix:
    """The value that a mistake is about as text, where that is plain to see."""
    if mistake.kind != "string_type":
        return ()
    if mistake.path == ("allowed-tools",) and isinstance(mistake.value, list):
        return keys.joined(document, mistake.path)
    if isinstance(mistake.value, (list, dict)):
        return ()
    return keys.as_text(document, mistake.path)


def _kind(value: Any) -> str:
    """What `value` is to YAML, in words."""
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list"}
    kinds |= {dict: "a map", str: "text", NoneType: "nothing"}
    return kinds[type(value)]
