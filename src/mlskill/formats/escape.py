r"""escape: what makes untrusted text fit for a line of output. Every format goes through here.

File names, messages and excerpts come from skills, and skills from strangers. In what is written
nothing acts on a terminal, reorders or hides text, and no line can be taken for a command by what
reads the log of a build: GitHub obeys lines that start with ``::``, Azure Pipelines, TeamCity and
older runners whatever holds ``##[``, ``##vso[`` or ``##teamcity[``.
"""

from __future__ import annotations

import re
from unicodedata import category, east_asian_width

from mlskill.hidden import escape, hidden, visible

__all__ = ["cells", "inert", "visible", "width"]

_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")
_JOINER, _PICTURE_STYLE = "\u200d", "\ufe0f"


def inert(text: str) -> str:
    r"""`text` as one line of output, or the start of one, that nothing obeys.

    >>> print(inert("a\n::error::\x1b[31m"), inert(" ::warning::"), inert("##vso[x]"))
    a\x0a::error::\x1b[31m  \x3a:warning:: #\x23vso[x]
    """
    text = _COMMAND.sub(r"#\\x23", visible(text).replace("\t", r"\t"))
    start = len(text) - len(text.lstrip())
    if text.startswith("::", start):
        return rf"{text[:start]}\x3a{text[start + 1 :]}"
    return text


def cells(text: str) -> list[str]:
    r"""What is shown of each character of `text`, so that places in it can be pointed at.

    >>> cells("a\t\x1bü")
    ['a', '    ', '\\x1b', 'ü']
    """
    shown = list(text)
    for start, end in hidden(text):
        shown[start:end] = map(escape, text[start:end])
    for match in _COMMAND.finditer(text):
        shown[match.start() + 1] = r"\x23"
    return ["    " if cell == "\t" else cell for cell in shown]


def width(text: str) -> int:
    """The columns that `text` takes in a terminal.

    >>> width("naïve"), width("日本"), width("👩‍💻"), width("⚠️")
    (5, 4, 2, 2)
    """
    columns, before, last = 0, "", 0
    for char in text:
        if char == _PICTURE_STYLE:
            last = 2 - last if last == 1 and not before.isascii() else 0
        elif before == _JOINER or category(char) in ("Mn", "Me", "Cf"):
            last = 0
        else:
            last = 2 if east_asian_width(char) in ("W", "F") else 1
        columns += last
        before = char
    return columns
