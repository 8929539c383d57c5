"""retarget: how the target of a link is mended, where there is one right answer."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from unicodedata import normalize
from urllib.parse import quote, unquote

from mlskill.linker import candidates
from mlskill.model import Document, Link, Skill
from mlskill.rules.once import once
from mlskill.rules.rule import Replace

Fix = tuple[Replace, ...]

_NUMBERED = re.compile(r"(?:(\d+)[-_.]+)?(.*)", re.DOTALL)


def target(document: Document, link: Link, new: str) -> Fix:
    """`new` as the target of `link`, if the target stands in the text as it is meant."""
    span = (link.target_start, link.target_end)
    if span[0] == -1 or document.text[slice(*span)] != link.target:
        return ()
    return (Replace(*span, new),)


def recased(skill: Skill, document: Document, link: Link) -> str:
    """The target of `link` in the case of the one file that has it in another; else empty."""
    for path in candidates(document.path, link.path):
        for real in _folded(skill).get(_fold(path), ())[:1]:
            new = _in_case_of(link.target, real)
            # What stands in a code span is not decoded.
            coded = link.kind == "mention" and "%" in new and "%" not in link.target
            if real in candidates(document.path, unquote(new)) and not coded:
                return new + link.target[len(_before(link.target)) :]
    return ""


@once
def _folded(skill: Skill) -> dict[str, list[str]]:
    """Files and folders by their paths without case; where that is not one, none."""
    found: dict[str, list[str]] = {}
    for path in {*skill.by_path, *skill.folders}:
        found.setdefault(_fold(path), []).append(path)
    return {path: real for path, real in found.items() if len(real) == 1}


def _fold(path: str) -> str:
    return normalize("NFC", path.rstrip("/")).casefold()


def _before(written: str) -> str:
    return re.split(r"[?#]", written, maxsplit=1)[0]


def _in_case_of(written: str, real: str) -> str:
    """The path of `written` with the names of `real`, so far as they differ in case alone."""
    names, wanted = _before(written).split("/"), real.split("/")
    at = len(names) - (names[-1] == "")
    while at and wanted and _fold(unquote(names[at - 1])) == _fold(wanted[-1]):
        at -= 1
        name = wanted.pop()
        if unquote(names[at]) != name:
            names[at] = quote(name) if re.search(r"[%\s()<>\"'`\\]", names[at] + name) else name
    return "/".join(names)


class Alike:
    """Finds the one of some anchors that differs by case or marks, or by a number at its start.

    Another number is another section: 8.1 is not 4.2.1, though both are called "General".

    >>> alike = Alike(["2-set-up", "usage", "use-it", "useit", "421-general"])
    >>> alike("set_up"), alike("2-Setup"), alike("3-usage")
    ('2-set-up', '2-set-up', 'usage')
    >>> alike("use--it"), alike("uses"), alike("81-general")
    ('', '', '')
    """

    def __init__(self, anchors: Iterable[str]) -> None:
        self._found: dict[str, list[str]] = {}
        for anchor in anchors:
            self._found.setdefault(_letters(anchor)[1], []).append(anchor)

    def __call__(self, anchor: str) -> str:
        """The one that is like `anchor`; empty when there are none or several."""
        number, letters = _letters(anchor)
        found = self._found.get(letters, ()) if letters else ()
        other = {n for n in (_letters(one)[0] for one in found) if n}
        return "" if number and other - {number} else _only(found)


def new_page(skill: Skill, anchor: str) -> str:
    """The one page of `skill` that has this anchor, of two words or more; else empty."""
    return _only(_pages(skill).get(anchor, ())) if "-" in anchor else ""


def _only(names: Iterable[str]) -> str:
    found = [*names]
    return found[0] if len(found) == 1 else ""


def _letters(anchor: str) -> tuple[str, str]:
    """The number at the start of `anchor`, and its letters and digits behind that, without case."""
    number, rest = _NUMBERED.fullmatch(anchor.casefold()).groups()  # type: ignore[union-attr]
    return number or "", "".join(char for char in rest if char.isalnum())


@once
def _pages(skill: Skill) -> dict[str, list[str]]:
    """The pages that have each anchor."""
    found: dict[str, list[str]] = {}
    for document in skill.documents:
        for anchor in document.anchors:
            found.setdefault(anchor, []).append(document.path)
    return found


def relative(path: str, document: Document) -> str:
    """`path` of the skill as `document` writes it in a link."""
    written = quote(posixpath.relpath(path, posixpath.dirname(document.path) or "."))
    return written + "/" * path.endswith("/")
