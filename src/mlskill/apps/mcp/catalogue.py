"""The catalogue: which skills lie below some paths, and the place of each in the URIs.

Of each skill only its ``SKILL.md`` is read, and of that only the frontmatter: ten thousand skills
take seconds, and their bodies wait until somebody asks for them.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlskill import frontmatter
from mlskill.errors import MlskillError, UnknownNameError
from mlskill.model import Source
from mlskill.reader import discover, head
from mlskill.reader.names import printable
from mlskill.specification import DESCRIPTION_LENGTH, NAME, NAME_LENGTH

NEAR = 2000
"""Names among which one that is similar to an unknown one is looked for, at most."""

_NAME = re.compile(NAME.strip("^$"))


@dataclass(frozen=True, slots=True)
class Card:
    """A skill as the catalogue has it.

    `place` is its path among all skills and ends with its name; `root` is what the reader takes.
    `digest` is that of its ``SKILL.md``. `refusal` says why it is no skill by the specification:
    then it can be read, but is not offered as one.
    """

    place: str
    root: str
    frontmatter: Mapping[str, Any]
    description: str
    digest: str
    refusal: str

    @property
    def name(self) -> str:
        """The last part of its place."""
        return posixpath.basename(self.place)


class Catalogue:
    """Every skill, by its place."""

    def __init__(self, cards: Iterable[Card] = (), faults: Iterable[str] = ()) -> None:
        self.cards = {card.place: card for card in sorted(cards, key=lambda card: card.place)}
        self.places = [*self.cards]
        self.faults = [*faults]
        self._depth = max((place.count("/") + 1 for place in self.cards), default=0)
        self._by_name: dict[str, list[str]] = {}
        for place, card in self.cards.items():
            self._by_name.setdefault(card.name, []).append(place)

    def owner(self, path: str) -> tuple[Card, str] | None:
        """The skill in which `path` lies, and its path there; of nested places the innermost."""
        parts = path.split("/", self._depth)
        for count in range(min(len(parts), self._depth), 0, -1):
            card = self.cards.get("/".join(parts[:count]))
            if card is not None:
                return card, "/".join(parts[count:])
        return None

    def named(self, name: str) -> str:
        """The place that `name`, a place or the last part of one only, stands for.

        Raises:
            UnknownNameError: none, or more than one.
        """
        if name in self.cards:
            return name
        places = self._by_name.get(name, [])
        if len(places) == 1:
            return places[0]
        known = places or {*self.cards, *self._by_name}
        if len(known) > NEAR:  # to compare with all would take seconds
            start = posixpath.basename(name)[:2].lower()
            known = [near for near in self._by_name if near.startswith(start)][:NEAR]
        raise UnknownNameError("skill", name, known)

    def after(self, place: str, most: int) -> list[Card]:
        """The first cards whose place comes after `place`."""
        at = bisect_right(self.places, place)
        return [self.cards[place] for place in self.places[at : at + most]]

    def below(self, folder: str) -> list[str]:
        """The names directly below `folder`, which is a part of places and no skill itself."""
        prefix = f"{folder}/"
        first, last = bisect_left(self.places, prefix), bisect_left(self.places, f"{folder}0")
        inner = self.places[first:last]  # "0" is what comes after "/"
        return [*dict.fromkeys(p[len(prefix) :].partition("/")[0] for p in inner)]


def scan(paths: Sequence[str]) -> Catalogue:
    """The catalogue of all skills at or below `paths`, as they are now."""
    cards: list[Card] = []
    faults: list[str] = []
    places = _Places()
    for path in paths:
        try:
            found = discover(path)
        except MlskillError as error:  # it was there when the server started
            faults.append(str(error))
            continue
        for root in found:
            try:
                card = _card(root, head(root), _above(path, root), places)
            except MlskillError as error:  # gone since it was found
                faults.append(str(error))
                continue
            cards.append(card)
            if card.refusal:
                where = printable(posixpath.join(root, "SKILL.md"))
                faults.append(f"{where}: not offered as a skill: {card.refusal}")
        faults += (f"{fault.path}: {fault.message}" for fault in found.faults)
    return Catalogue(cards, faults)


def _above(path: str, root: str) -> list[str]:
    """The folders between `path` and the folder of the skill at `root`, fit for printing."""
    inner = posixpath.relpath(root, path) if root != path else "."
    return [printable(part) for part in inner.split("/")[:-1] if part not in ("", ".", "..")]


def _card(root: str, source: Source, above: list[str], places: _Places) -> Card:
    matter = frontmatter.split(source)
    refusal = refuse(matter.data, faults=[fault.message for fault in matter.faults])
    name = matter.data.get("name")
    if refusal or not isinstance(name, str):
        name = Path(root).resolve().name or "skill"
    return Card(
        place=places.take([*above, printable(name)]),
        root=root,
        frontmatter=matter.data,
        description=matter.texts.get(("description",), "").strip(),
        digest=digest(source.raw),
        refusal=refusal,
    )


def refuse(data: Mapping[str, Any], *, faults: Sequence[str] = ()) -> str:
    """Why a skill with this frontmatter cannot be offered over MCP; empty if it can.

    A host compares what it reads itself with what it is told, so there is nothing to be repaired.

    >>> refuse({"name": "a", "description": "b"}), refuse({"name": "A", "description": "b"})
    ('', 'its name must be lower-case letters, digits and single hyphens')
    """
    name, description = data.get("name"), data.get("description")
    if faults:
        return f"its frontmatter is at fault: {faults[0]}"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "its name must be lower-case letters, digits and single hyphens"
    if len(name) > NAME_LENGTH:
        return f"its name has more than {NAME_LENGTH} characters"
    if not isinstance(description, str) or not description.strip():
        return "it has no description"
    if len(description) > DESCRIPTION_LENGTH:
        return f"its description has more than {DESCRIPTION_LENGTH} characters"
    return ""


def digest(raw: bytes) -> str:
    """The digest of a file's bytes."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


class _Places:
    """The places that are taken. No skill lies in the place of another one."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._folders: set[str] = set()

    def take(self, parts: Sequence[str]) -> str:
        """The place of the next skill: `parts`, below a folder with a number where that is taken.

        >>> places = _Places()
        >>> [places.take(["a", "b"]), places.take(["a", "b"]), places.take(["a", "b", "c"])]
        ['a/b', '2/a/b', '3/a/b/c']
        """
        number, place = 1, "/".join(parts)
        while self._conflicts(place):
            number += 1
            place = "/".join((str(number), *parts))
        self._taken.add(place)
        self._folders.update(_folders(place))
        return place

    def _conflicts(self, place: str) -> bool:
        return (
            place in self._taken
            or place in self._folders
            or not self._taken.isdisjoint(_folders(place))
        )


def _folders(place: str) -> Iterator[str]:
    return (place[:at] for at, char in enumerate(place) if char == "/")
