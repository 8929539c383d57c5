"""The lexicon: in which sections and lines of the store a word stands, and how much it is there.

What is looked up is a single word, never an expression of FTS5.
"""

from __future__ import annotations

import math
import sqlite3

from mlskill.searcher.store import chosen
from mlskill.searcher.texts import FIELDS
from mlskill.searcher.words import nearby

WEIGHTS = {"title": 5.0, "way": 1.0, "symptoms": 3.0, "about": 3.0, "body": 1.0, "code": 0.5}
"""What a word counts in each field."""
MOST_ROWS = 2_000
"""Sections and lines that one word may bring in, the best first: memory stays flat."""


class Lexicon:
    """The words of one database."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database

    def known(self, word: str) -> set[str]:
        """The known words that one may have meant by `word`."""
        pattern, forms = nearby(word)
        if pattern:
            rows = self.database.execute("SELECT word FROM known WHERE word GLOB ?", (pattern,))
            return {found for (found,) in rows}
        found = chosen(self.database, "SELECT word FROM known WHERE word IN ({})", forms)
        return {form for (form,) in found}

    def size(self, table: str) -> int:
        """How many skills, sections or lines there are; those of each skill are counted there."""
        what = "count(*)" if table == "skills" else f"coalesce(sum({table}), 0)"
        (size,) = self.database.execute(f"SELECT {what} FROM skills").fetchone()  # noqa: S608
        return int(size)

    def count(self, table: str, word: str) -> int:
        """In how many sections (`words`) or lines (`sayings`) it stands."""
        (n,) = self.database.execute(
            f"SELECT count(*) FROM {table} WHERE {table} MATCH ?",  # noqa: S608
            (f'"{word}"',),
        ).fetchone()
        return int(n)

    def look(self, table: str, word: str, size: int) -> dict[int, float]:
        """By row, how much it is about `word`, by BM25; the best rows of many."""
        weights = "".join(f", {WEIGHTS[name]}" for name in FIELDS) if table == "words" else ""
        match = f"FROM {table} WHERE {table} MATCH ?"
        n = self.count(table, word)
        if not n:
            return {}
        most = f" ORDER BY 2 DESC LIMIT {MOST_ROWS}" if n > MOST_ROWS else ""
        rows = self.database.execute(
            f"SELECT rowid, -bm25({table}{weights}) {match}{most}",
            (f'"{word}"',),
        ).fetchall()
        # FTS5 takes words of more than half of the rows for worthless; in a small skill that is
        # every word.
        theirs = max(math.log((size - n + 0.5) / (n + 0.5)), 1e-6) if n <= size else 1e-6
        scale = rarity_of(n, size) / theirs
        return {row: score * scale for row, score in rows}


def rarity_of(rows: int, size: int) -> float:
    """What a word tells that stands in `rows` of `size` rows; always more than nothing."""
    return math.log(1 + max(0, size - rows + 0.5) / (rows + 0.5))
