"""GitHub's anchors: the address that a heading gets on a page.

Rules as in GitHub's `html-pipeline` (TableOfContentsFilter: lower case, drop what is no word
character, hyphen or space, spaces to hyphens) and `github-slugger` 2 (numbers until free).
"""

from __future__ import annotations

import re
import unicodedata

_DROPPED = re.compile(r"[^a-z0-9_ -]+")
_KEPT = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "Pc"))


def slug(text: str) -> str:
    """The anchor of a heading that reads `text`, before equal ones are numbered.

    Each space is a hyphen; what else is dropped may leave hyphens side by side, or in front.

    >>> slug("Serve: p99 & `async def`"), slug("Über-Größe  2.0")
    ('serve-p99--async-def', 'über-größe--20')
    """
    text = text.lower()
    if text.isascii():
        return _DROPPED.sub("", text).replace(" ", "-")
    kept = (c for c in text if c in "- " or unicodedata.category(c) in _KEPT)
    return "".join(kept).replace(" ", "-")


class Anchors:
    """The anchors of one page, in the order of its headings.

    >>> anchors = Anchors()
    >>> [anchors.add(title) for title in ("-", "-", "--1", "A", "a")]
    ['-', '--1', '--1-1', 'a', 'a-1']
    """

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def add(self, title: str) -> str:
        """The anchor of the next heading; equal ones get ``-1``, ``-2``, … until one is free."""
        base = anchor = slug(title)
        while anchor in self._used:
            self._used[base] += 1
            anchor = f"{base}-{self._used[base]}"
        self._used[anchor] = 0
        return anchor
