"""targets: where a link leads, as far as the skill can tell."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from mlskill.linker import candidates, resolve, role
from mlskill.model import Document, Link, Skill
from mlskill.rules.once import once

State = Literal["elsewhere", "unsafe", "outside", "missing", "unknown", "found"]
"""`elsewhere`: another host or scheme. `unknown`: nobody can tell from here."""

_UNSAFE = frozenset(("javascript", "vbscript", "data"))
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)
_HOME = re.compile(r"[A-Za-z]:[\\/]|~[\w-]*/")
# What browsers drop from a target before they look at its scheme.
_DROPPED = dict.fromkeys([*range(0x21), 0x7F])
# Names by which skills call their own folder, and what else stands for something to be filled in.
ROOT = re.compile(r"(?:\$?\{|\$|<)(?:base_?dir|(?:claude_)?skill_?(?:dir|root|path))[}>]?/", re.I)
# What stands for a target where a page says how links are written, or is an index: f[x](1).
_STAND_IN = re.compile(
    r"(?:ur[li]|link|path|href|target|file|filename|address|\d+|[a-z])|path/to/.*", re.IGNORECASE
)
_VARIABLE = re.compile(r"[{}<>$*|]|\.\.\.|…")


class Target(NamedTuple):
    """Where a link leads: in `found` the `path` of a file or folder, in `missing` of none."""

    state: State
    path: str = ""


class Leads(NamedTuple):
    """Where the links and mentions of one page lead."""

    document: Document
    links: tuple[tuple[Link, Target], ...]
    mentions: tuple[tuple[Link, Target], ...]


@once
def leads(skill: Skill) -> tuple[Leads, ...]:
    """Where everything leads that is written in `skill`, page by page."""
    targets = Targets(skill)
    return tuple(
        Leads(
            document, targets.of(document, document.links), targets.of(document, document.mentions)
        )
        for document in skill.documents
    )


class Targets:
    """Looks up the links of one skill."""

    def __init__(self, skill: Skill) -> None:
        self.skill = skill
        self._unsure = any(fault.rule == "limit-reached" for fault in skill.faults)
        self._refused = {fault.path for fault in skill.faults}
        # A folder that holds nothing is a link to a folder, which is not entered.
        self._empty = set(skill.folders)
        for path in skill.by_path:
            self._empty.difference_update(_around(path))

    def of(self, document: Document, links: Iterable[Link]) -> tuple[tuple[Link, Target], ...]:
        """Where each of `links` leads."""
        return tuple((link, self.target(document, link)) for link in links)

    def target(self, document: Document, link: Link) -> Target:
        """Where `link`, written in `document`, leads."""
        name = scheme(link)
        if name in _UNSAFE:
            picture = link.image and link.target.strip().lower().startswith("data:image/")
            return Target("elsewhere" if picture else "unsafe")
        if name == "file" or _HOME.match(link.target) or link.target.startswith("//"):
            return Target("outside")
        if name or not link.target or _is_footnote(link):
            return Target("elsewhere")
        if not link.path:
            return Target("found", document.path)
        return self._inside(document, link)

    def _inside(self, document: Document, link: Link) -> Target:
        """Where a path leads: looked up from the page's folder, then from the skill's root."""
        here, path = document.path, link.path
        if ROOT.match(path):
            here, path = "", ROOT.sub("", path, count=1)
        if _VARIABLE.search(path):
            return Target("unknown")
        possible = list(dict.fromkeys(candidates(here, path)))
        literal = link.target.partition("#")[0]
        for candidate in possible if literal == path else [*possible, *candidates(here, literal)]:
            if candidate in self.skill.by_path or candidate in self.skill.folders:
                return Target("found", candidate)
            if candidate == ".":
                return Target("found", self.skill.main.path)
        if role(document.path) == "asset":  # a template's links are for where its copy will lie
            return Target("unknown")
        if not possible:
            # In the skill around a nested one there may well be such a file.
            around = bool(self.skill.prefix) and resolve(self.skill.prefix + here, path) is not None
            return Target("unknown" if around else "outside")
        if self._unsure or any(self._unlisted(document, path) for path in possible):
            return Target("unknown")
        return Target("unknown" if _STAND_IN.fullmatch(path) else "missing", possible[0])

    def _unlisted(self, document: Document, path: str) -> bool:
        """Whether `path` may be there although the reader did not take it in."""
        if path in self._refused:  # it is there; why it was not read is reported
            return True
        if self.skill.project and document.path != self.skill.main.path:
            # Of a repository only that was taken in which SKILL.md names.
            return path.partition("/")[0] not in self.skill.folders
        return not self._empty.isdisjoint(_around(path))


def scheme(link: Link) -> str:
    """The scheme of `link` as a browser sees it; empty for a path."""
    target = html.unescape(link.target) if link.kind == "html" else link.target
    match = _SCHEME.match(target[:200].translate(_DROPPED))
    return match[1].lower() if match else ""


def _is_footnote(link: Link) -> bool:
    """Whether `link` is a footnote of one word, which CommonMark takes for a link to that."""
    return link.kind == "reference" and link.text.startswith("^")


def _around(path: str) -> Iterator[str]:
    """The folders that `path` lies in, the innermost first."""
    while path := posixpath.dirname(path):
        yield path
