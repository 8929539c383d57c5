"""escape: what every format puts a skill's text through before it is written."""

from __future__ import annotations

from mlskill.hidden import visible


def inert(text: str) -> str:
    r"""`text` on one line, nothing hidden in it, and no workflow command of GitHub or Azure.

    >>> print(inert("a\n::error::b"), inert("##[error]a"), inert("  ::error::a"), sep=" | ")
    a\x0a::error::b | #\x23[error]a | .  ::error::a
    """
    text = disarmed(visible(text))
    return "." + text if text.lstrip().startswith("::") else text


def disarmed(line: str) -> str:
    """`line` without the commands that work wherever they stand in it: ``##[`` and ``##vso[``."""
    return line.replace("##[", r"#\x23[").replace("##vso[", r"#\x23vso[")
