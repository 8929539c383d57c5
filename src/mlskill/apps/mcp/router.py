"""The router: which of many skills a question may be about, by their names and descriptions.

To know every section of ten thousand skills takes minutes; to know their descriptions does not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from weakref import finalize

from mlskill.apps.mcp.catalogue import Card
from mlskill.searcher.words import asked, words

NAME_WEIGHT = 5.0
"""What a word in a name counts beside one in a description."""
MOST_WORDS = 64
"""Of a longer question this many words are looked up."""


class Router:
    """The cards of a catalogue, to be asked by one thread at a time."""

    def __init__(self, cards: Iterable[Card]) -> None:
        self._places: list[str] = []
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        finalize(self, self._database.close)
        self._database.execute(
            "CREATE VIRTUAL TABLE cards USING fts5(name, description,"
            " content='', tokenize='porter unicode61')"
        )
        for card in cards:
            self._places.append(card.place)
            said = (" ".join(words(text)) for text in (card.name, card.description))
            self._database.execute(
                "INSERT INTO cards(rowid, name, description) VALUES (?, ?, ?)",
                (len(self._places), *said),
            )

    def fitting(self, query: str, most: int) -> list[tuple[str, float]]:
        """The places of at most `most` skills, best first, and how well each fits."""
        # No word holds a quotation mark: between two of them it is nothing but a word.
        wanted = " OR ".join(f'"{word}"' for word in asked(query)[:MOST_WORDS])
        if not wanted:
            return []
        rows = self._database.execute(
            f"SELECT rowid, -bm25(cards, {NAME_WEIGHT}, 1.0) AS score FROM cards"  # noqa: S608
            " WHERE cards MATCH ? ORDER BY score DESC, rowid LIMIT ?",
            (wanted, most),
        )
        return [(self._places[row - 1], score) for row, score in rows]
