"""specification: what https://agentskills.io/specification (2026-08) says of frontmatter.

`schema` makes the pydantic model of these figures, which says what is wrong with a frontmatter that
breaks them. `keeps` says that one certainly does not, without waiting for pydantic: importing that
takes longer than checking a small skill.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FIELDS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")
"""The keys that the specification knows, in its order."""

NAME = "^[a-z0-9]+(-[a-z0-9]+)*$"
"""What a name looks like."""
NAME_LENGTH = 64
"""Characters of a name, at most."""
DESCRIPTION_LENGTH = 1024
"""Characters of a description without the white space around it, at most; at least one."""
COMPATIBILITY_LENGTH = 500
"""Characters of a compatibility, at most; at least one."""

_KNOWN = frozenset(FIELDS)


def keeps(data: Mapping[str, Any]) -> bool:
    """Whether `data` keeps the specification beyond doubt; where it is false, ask `schema`.

    >>> keeps({"name": "pdf-tools", "description": "Reads PDF files."}), keeps({"name": "PDF"})
    (True, False)
    """
    name, description, metadata = data.get("name"), data.get("description"), data.get("metadata")
    texts = [value for key, value in data.items() if key != "metadata"]
    if "metadata" in data:
        if not isinstance(metadata, dict):
            return False
        texts += [*metadata, *metadata.values()]
    return (
        _KNOWN.issuperset(data)
        and all(isinstance(text, str) and _encodes(text) for text in texts)
        and isinstance(name, str)
        and len(name) <= NAME_LENGTH
        and re.fullmatch(NAME.strip("^$"), name) is not None
        and isinstance(description, str)
        and description.strip() != ""
        and len(description) <= DESCRIPTION_LENGTH
        and 1 <= len(data.get("compatibility", " ")) <= COMPATIBILITY_LENGTH
    )


def _encodes(text: str) -> bool:
    """Whether `text` has no lone surrogate, which pydantic takes for no text."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
