"""nearest: what somebody may have meant, within a budget."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

_SEARCHES = 20  # a file of ten thousand dead links is not to be answered ten thousand times
_NAMES = 2000


class Nearest:
    """Finds the most similar of some names.

    >>> nearest = Nearest(["references/style_guide.md", "scripts/run.py"])
    >>> nearest.path("reference/Style_Guide.md"), nearest.path("style-guide.mdx")
    ('references/style_guide.md', 'references/style_guide.md')
    >>> nearest.path("other.txt"), nearest.name("scripts/ran.py")
    ('', 'scripts/run.py')
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(names)
        self._left = _SEARCHES if len(self._names) <= _NAMES else 0
        self._bases: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        for name in self._names:
            self._bases.setdefault(posixpath.basename(name).lower(), name)
            self._stems.setdefault(_stem(name), name)

    def name(self, wrong: str) -> str:
        """The name most similar to `wrong`; empty when none is."""
        return self._search(wrong, self._names, 0.75)

    def path(self, wrong: str) -> str:
        """The path most similar to `wrong` in its last part; empty when none is."""
        wrong = wrong.rstrip("/")
        base, stem = posixpath.basename(wrong).lower(), _stem(wrong)
        found = self._bases.get(base) or self._stems.get(stem)
        return found or self._stems.get(self._search(stem, self._stems, 0.8), "")

    def _search(self, wrong: str, names: Iterable[str], cutoff: float) -> str:
        if self._left <= 0 or len(wrong) > 200:
            return ""
        from difflib import get_close_matches

        self._left -= 1
        return next(iter(get_close_matches(wrong, list(names), n=1, cutoff=cutoff)), "")


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0].lower().replace("_", "-")
