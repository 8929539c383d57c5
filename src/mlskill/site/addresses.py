r"""addresses: where each file of a skill lies in the site, whatever it is called.

A stranger's names become plain ones: no character that a file system or an address reads as
anything else, no two names that are one where case does not count, none of ours.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import quote

RESERVED = ("index.html", "map.html", "search.js", "catalogue.js", "_mlskill", ".mlskill-site")
"""What the site itself puts into a folder."""

_LONGEST = 80
_PLAIN = re.compile(r"[^\w.+@=,()-]+")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def plain(name: str) -> str:
    """A folder's or file's name as every file system takes it.

    >>> plain("größe 1.md"), plain("..a:b?.md"), plain("con.md")
    ('größe-1.md', '_..a-b-.md', '_con.md')
    """
    short = _PLAIN.sub("-", name)
    if len(short.encode()) > _LONGEST:
        stem, suffix = posixpath.splitext(short)
        digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        short = f"{stem[:16]}-{digest}{suffix[:8]}"
    short = short.rstrip(".") or "_"
    return f"_{short}" if short.startswith(".") or _DEVICES.match(short) else short


class Addresses:
    """Names given out once each.

    >>> addresses = Addresses(RESERVED)
    >>> [addresses.give(path) for path in ("a/b.html", "A/B.html", "index.html")]
    ['a/b.html', 'A/B-2.html', 'index-2.html']
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._next = {name.casefold(): 2 for name in taken}

    def give(self, path: str) -> str:
        """The address for what would be called `path`."""
        wanted = given = "/".join(map(plain, path.split("/")))
        stem, suffix = posixpath.splitext(wanted)
        while given.casefold() in self._next:
            number = self._next[wanted.casefold()]
            self._next[wanted.casefold()] = number + 1
            given = f"{stem}-{number}{suffix}"
        self._next[given.casefold()] = 2
        return given


def relative(source: str, target: str, fragment: str = "") -> str:
    """The link from the page at `source` to `target` and its `fragment`.

    >>> relative("a/b.html", "c/d e.html", "größe"), relative("a.html", "a.html", "b")
    ('../c/d%20e.html#gr%C3%B6%C3%9Fe', '#b')
    """
    mark = f"#{quote(fragment, errors='replace')}" if fragment else ""
    if source == target and mark:
        return mark
    path = posixpath.relpath(target, posixpath.dirname(source) or ".")
    return quote(path) + mark
