"""The shelf: all skills that are served, each read when it is asked for and kept while it is used.

It is the `Library` of the function tools, too: the name of a skill there is its place.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from os.path import abspath
from pathlib import PurePath
from typing import TypeVar

from mlskill.apps.mcp.catalogue import Catalogue, scan
from mlskill.apps.mcp.router import Router
from mlskill.apps.mcp.snapshot import Snapshot
from mlskill.errors import UnknownNameError
from mlskill.model import Hit, Skill
from mlskill.searcher import Index, search
from mlskill.toolset import owned

_T = TypeVar("_T")

KEPT = 256
"""Snapshots that are kept in memory, at most."""
KEPT_BYTES = 128 << 20
"""Bytes of the files in them, at most."""
FEW = 32
"""So many skills are searched section by section; of more, first those that fit are found."""
FITTING = 8
"""Of many skills, so many are searched for sections, at most."""
SPARE = 4
"""How many more hits an index file is asked for: some may be of skills that are not served."""
FAIR = 0.4
"""What a skill must fit at least, as a share of how well the best one fits."""


class Shelf:
    """The skills at or below `paths`; `index` is searched where it is given.

    Any thread may ask it.
    """

    def __init__(self, paths: Sequence[str], index: Index | None = None) -> None:
        self.paths = [*paths]
        self._written = index
        self.catalogue = Catalogue()
        self._kept: OrderedDict[str, Snapshot] = OrderedDict()
        self._changes = 0
        self._lock = threading.Lock()
        self._searching = threading.Lock()
        self._found_by: object = None

    def scan(self) -> None:
        """Look for skills anew; what was read of those that are still the same is kept."""
        catalogue = scan(self.paths)
        with self._lock:
            self.catalogue = catalogue
            self._changes += 1
            self._found_by = None
            for place, kept in [*self._kept.items()]:
                if catalogue.cards.get(place) != kept.card:
                    del self._kept[place]

    def forget(self, place: str | None = None) -> None:
        """What was read of the skill at `place`, or of all, is no longer so."""
        with self._lock:
            self._changes += 1
            self._found_by = None
            if place is None:
                self._kept.clear()
            else:
                self._kept.pop(place, None)

    def kept(self, place: str) -> Snapshot | None:
        """The skill at `place`, where it is in memory."""
        with self._lock:
            found = self._kept.get(place)
            if found is not None:
                self._kept.move_to_end(place)
            return found

    def snapshot(self, place: str) -> Snapshot:
        """The skill at `place`, which may have to be read.

        Raises:
            UnknownNameError: there is none.
            MlskillError: it is gone.
        """
        found = self.kept(place)
        if found is None:
            changes, cards = self._changes, self.catalogue.cards
            if place not in cards:
                raise UnknownNameError("skill", place, cards)
            found = Snapshot(cards[place])
            with self._lock:
                if changes == self._changes:  # else it may be of before the change
                    self._keep(place, found)
        return found

    def _keep(self, place: str, snapshot: Snapshot) -> None:
        self._kept[place] = snapshot
        size = sum(one.size for one in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > KEPT or size > KEPT_BYTES):
            _, oldest = self._kept.popitem(last=False)
            size -= oldest.size

    @property
    def names(self) -> Sequence[str]:
        """The place of every skill."""
        return self.catalogue.places

    def description(self, name: str) -> str:
        """What the skill at `name` is for."""
        return self.catalogue.cards[name].description

    def skill(self, name: str) -> Skill:
        """The skill at `name`, a place or the last part of one."""
        return self.snapshot(self.catalogue.named(name)).skill

    def search(self, query: str, limit: int) -> Sequence[tuple[str, Hit]]:
        """The sections of all skills that answer `query`, best first.

        Of many skills the names and descriptions say which fit, and only those are read; what a
        section is worth is then how well its skill fits and how well it does there.
        """
        with self._searching:
            names = self.names
            if len(names) == 1:
                return [
                    (n, hit) for n in names for hit in search(self.skill(n), query, limit=limit)
                ]
            if self._written and not self._written.alone:
                return self._served(search(self._written, query, limit=limit * SPARE))[:limit]
            if len(names) <= FEW:
                return [owned(hit, names) for hit in search(self._index(), query, limit=limit)]
            found: list[tuple[str, Hit]] = []
            fitting = self._router().fitting(query, FITTING)
            for place, fit in fitting:
                if fit < FAIR * fitting[0][1]:
                    break
                hits = search(self.snapshot(place).skill, query, limit=limit)
                for hit in hits:
                    score = fit / fitting[0][1] + hit.score / hits[0].score
                    found.append((place, replace(hit, score=round(score, 3))))
            return sorted(found, key=lambda one: -one[1].score)[:limit]

    def _served(self, hits: Sequence[Hit]) -> list[tuple[str, Hit]]:
        """Those of `hits`, found in an index file, whose skills are served."""
        cards = self.catalogue.cards
        # As the index has it: absolute, links and all.
        places = self._made(dict, lambda: {abspath(cards[p].root): p for p in cards})  # noqa: PTH100
        found = []
        for hit in hits:
            parents = (str(parent) for parent in PurePath(hit.path).parents)
            root = next((parent for parent in parents if parent in places), None)
            if root is not None:
                path = hit.path[len(root.rstrip("/")) + 1 :]
                found.append((places[root], replace(hit, path=path)))
        return found

    def _index(self) -> Index:
        """Every section of few skills."""
        return self._made(Index, lambda: Index(replace(self.skill(n), root=n) for n in self.names))

    def _router(self) -> Router:
        """What many skills say of themselves."""
        return self._made(Router, lambda: Router(self.catalogue.cards.values()))

    def _made(self, kind: type[_T], make: Callable[[], _T]) -> _T:
        """What `make` makes; kept until something changes."""
        if not isinstance(self._found_by, kind):
            changes, made = self._changes, make()
            with self._lock:
                self._found_by = made if changes == self._changes else None
            return made
        return self._found_by
