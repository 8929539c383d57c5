"""naming: what a skill may be called."""

from __future__ import annotations

import posixpath
import re

from mlskill.model import Skill


def folder(skill: Skill) -> str:
    """The name of the skill's folder; empty where that is an accident or not known."""
    name = posixpath.basename(posixpath.dirname(skill.location))
    # A clone may be called anything, and so may an archive.
    return "" if skill.project or name.lower().endswith((".zip", ".skill")) else name


def nearest(name: str) -> str:
    """What `name` would be if it were allowed; empty where nothing of it is.

    >>> nearest("My_Skill 2"), nearest("é")
    ('my-skill-2', '')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64].strip("-")


def against(name: str) -> str:
    """What the specification has against `name`; empty when nothing."""
    if len(name) > 64:
        return f"the name has {len(name)} characters; at most 64 are allowed"
    wrong = sorted({char for char in name if not re.match(r"[a-z0-9-]", char)})
    if wrong:
        shown = " ".join(map(repr, wrong[:5]))
        return f"the name has {shown}; only a-z, 0-9 and hyphens are allowed"
    if name.startswith("-") or name.endswith("-"):
        return "the name starts or ends with a hyphen"
    return "the name has two hyphens in a row" if "--" in name else ""
