"""The lines of a skill in which somebody asks: a question is compared with each of them alone."""

from __future__ import annotations

import re

MOST = 2_000
"""Lines that are read of one text; a longer list says nothing more about its subject."""
LONGEST = 300
"""Characters of a line that are read."""
ENOUGH = 30
"""Lines that a skill must have of what it is not for, before they can speak against an answer."""

_BULLET = re.compile(r"^[ \t]*(?:[-*+]|[0-9]{1,3}[.)])[ \t]+")
_BETWEEN = re.compile(r";[ \t]+|(?<=[\"”])[,.]?[ \t]+(?=[\"“])")
_ROW = re.compile(r"^[ \t]*\|(.*?)(?<!\\)\|", re.MULTILINE)
_HEAD = re.compile(r"\[([^\[\]]*\.md)?\]", re.IGNORECASE)
_RULE = re.compile(r"[ \t:|-]*")
_AGAINST = re.compile(
    r"\b(?:not for|do not use (?:it |this )?(?:for|when))\b(.*?)(?:\.(?:\s|$)|$)", re.I
)


def items(text: str) -> list[str]:
    r"""Each saying of a list, or each paragraph where there is no list.

    >>> items('- "loss is nan"; "it hangs"\n- too slow')
    ['loss is nan', 'it hangs', 'too slow']
    """
    found: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("|"):
            continue  # a table: `cells`
        for saying in _BETWEEN.split(_BULLET.sub("", line)):
            saying = saying.strip(' \t"“”.,;*_')
            if len(saying) > 3 and len(found) < MOST:
                found.append(saying[:LONGEST])
    return found


def questions(text: str) -> dict[str, list[str]]:
    r"""The questions of a ``questions.txt``, by the path of the document that answers them.

    >>> questions("How people ask.\n\n[a.md]\nwhy is it slow\n\n[]\nbook a table\n")
    {'a.md': ['why is it slow'], '': ['book a table']}
    """
    found: dict[str, list[str]] = {}
    asked: list[str] | None = None
    for line in text.splitlines():
        line = line.strip()
        if head := _HEAD.fullmatch(line):
            asked = found.setdefault((head[1] or "").strip(), [])
        elif line and asked is not None and len(asked) < MOST:
            asked.append(line[:LONGEST])
    return found


def cells(text: str) -> list[str]:
    """The first cell of each row of the tables in `text`, without their headings."""
    rows = [match[1].strip() for match in _ROW.finditer(text)]
    ruled = [not _RULE.fullmatch(row) for row in rows]
    heads = [at + 1 < len(rows) and not ruled[at + 1] for at in range(len(rows))]
    return [
        row for row, is_text, head in zip(rows, ruled, heads, strict=True) if is_text and not head
    ][:MOST]


def against(description: str) -> list[str]:
    """What a description says that the skill is not for.

    >>> against("Use when bread is baked. Not for cakes, pizza or ovens.")
    ['cakes', 'pizza', 'ovens']
    """
    found = _AGAINST.search(description)
    parts = re.split(r",[ \t]+|[ \t]+or[ \t]+", found[1]) if found else []
    return [part.strip() for part in parts if part.strip()]
