"""split: the keys at a file's head, where each stands, and what is wrong with them.

    plain.py    what is the same in every reading of YAML; most frontmatter is no more than that
    lenient.py  all else, by the YAML library, which is imported only then

Nothing but this package knows YAML's rules for frontmatter.
"""

from __future__ import annotations

from mlskill.frontmatter.plain import plain
from mlskill.model import LIMITS, Frontmatter, Limits, Source

__all__ = ["split"]


def split(source: Source, *, limits: Limits = LIMITS) -> Frontmatter:
    r"""The frontmatter of `source`; an absent one when the file does not start with ``---``.

    The block ends at the next *line* that is ``---``: a ``---`` within a value does not end it.

    >>> found = split(Source("SKILL.md", b"", "---\nname: a\ndescription: b --- c: d\n---\n# T\n"))
    >>> found.data["name"], found.data["description"], found.repaired
    ('a', 'b --- c: d', True)
    >>> [(f.rule, str(Source("SKILL.md", b"", "").place(0))) for f in found.faults]
    [('frontmatter-colon', 'SKILL.md:1:1')]
    """
    text = source.text
    first = text.partition("\n")[0]
    if first.rstrip() != "---":
        return Frontmatter()
    begin = min(len(first) + 1, len(text))
    stop, end = _closing(text, begin)
    found = None if end is None else plain(text, begin, stop, end, limits)
    if found is None:
        from mlskill.frontmatter.lenient import lenient

        found = lenient(source, begin, stop, end, limits)
    return found


def _closing(text: str, begin: int) -> tuple[int, int | None]:
    """Where the block that starts at `begin` stops and where the body starts (None: nowhere)."""
    at = begin
    while at < len(text):
        newline = text.find("\n", at)
        stop = len(text) if newline == -1 else newline
        # The closing fence is a line of its own: "a --- b" does not end the block.
        if text.startswith("---", at) and text[at:stop].rstrip() == "---":
            return at, min(stop + 1, len(text))
        at = stop + 1
    return len(text), None
