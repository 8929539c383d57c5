"""The index: in-memory SQLite FTS5 tables, one of sections and one of whole documents.

Each word of a question is looked up alone. So a long question costs no more than its words, what
it holds is never an expression of FTS5, and what each word tells is known by section and document.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from weakref import finalize

from mlskill.model import Skill
from mlskill.searcher.texts import FIELDS, Page, Part, pages
from mlskill.searcher.words import asked, meant, words

WEIGHTS = {"title": 5.0, "way": 1.0, "symptoms": 3.0, "about": 3.0, "body": 1.0, "code": 0.5}
"""What a word counts in each field."""
DOCUMENT = 1.5
"""What the evidence in a whole document counts beside that in one section of it."""
LENGTH = 0.25
"""How much more evidence a longer question needs: the exponent of what its words could tell."""
WORD = 0.5
"""What one word can add to `fit` at most, as a share of the rarity of a word never heard of."""
TYPO = 0.7
"""What a word counts that only a corrected form of it was found for."""
MOST_WORDS = 64
"""Of a longer question this many words are looked up."""


@dataclass(frozen=True, slots=True)
class Found:
    """A section that holds words of a question.

    `score` ranks it; `fit` is how many words of the question its document knows and how well, by
    the question's length; `covered` is the share of what they tell that stands in it.
    """

    part: Part
    score: float
    fit: float
    covered: float


class Index:
    """What can be searched of some skills."""

    def __init__(self, skills: Iterable[Skill]) -> None:
        self.skills = list(skills)
        self.pages = [page for n, skill in enumerate(self.skills) for page in pages(skill, n)]
        self.parts: list[Part] = []
        self._known: set[str] = set()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        finalize(self, self._database.close)  # from 3.13 on Python warns of one left open
        marks = ", ".join("?" * (len(FIELDS) + 1))
        for table, rows in (("sections", self._sections), ("documents", self._documents)):
            self._database.execute(
                f"CREATE VIRTUAL TABLE {table} USING fts5({', '.join(FIELDS)},"
                " content='', tokenize='porter unicode61')"
            )
            self._database.executemany(
                f"INSERT INTO {table}(rowid, {', '.join(FIELDS)}) VALUES ({marks})",  # noqa: S608
                rows(),
            )

    def find(self, query: str) -> list[Found]:
        """The sections in which a word of `query` stands, best first."""
        sections: dict[int, float] = defaultdict(float)
        documents: dict[int, float] = defaultdict(float)
        covered: dict[int, float] = defaultdict(float)
        known: dict[int, float] = defaultdict(float)
        if not self.parts:  # no page says anything
            return []
        unheard = math.log(1 + len(self.parts) / 0.5)
        total = 0.0
        for word in asked(query)[:MOST_WORDS]:
            forms, share = [word], 1.0
            rows = self._look("sections", word, len(self.parts))
            if not rows:
                forms, share = meant(word, self._known)[:4], TYPO
                for form in forms:
                    for row, score in self._look("sections", form, len(self.parts)).items():
                        rows[row] = max(rows.get(row, 0.0), score)
            rarity = _rarity(len(rows), len(self.parts)) if rows else unheard
            total += rarity
            best: dict[int, float] = defaultdict(float)
            for row, score in rows.items():
                sections[row] += share * score
                owner = self.parts[row].document
                best[owner] = max(best[owner], share * score)
            for owner, score in best.items():
                known[owner] += min(score, WORD * unheard)
                covered[owner] += rarity
            for form in forms:
                for row, score in self._look("documents", form, len(self.pages)).items():
                    documents[row] += share * score
        unit = (total / unheard) ** LENGTH * unheard or 1.0
        found = [
            Found(
                part := self.parts[row],
                score + DOCUMENT * documents[part.document],
                known[part.document] / unit,
                covered[part.document] / total,
            )
            for row, score in sections.items()
        ]
        found.sort(key=lambda f: (-f.score, f.part.skill, f.part.path, f.part.section.start))
        return found

    def page(self, part: Part) -> Page:
        """The document in which `part` stands."""
        return self.pages[part.document]

    def address(self, part: Part) -> str:
        """The path of `part`'s document; among several skills, from above their roots."""
        if len(self.skills) == 1:
            return part.path
        return f"{self.skills[part.skill].root.rstrip('/')}/{part.path}"

    def _look(self, table: str, word: str, size: int) -> dict[int, float]:
        """By row, how much it is about `word`, by BM25."""
        rank = f"-bm25({table}, {', '.join(str(WEIGHTS[name]) for name in FIELDS)})"
        rows = self._database.execute(
            f"SELECT rowid, {rank} FROM {table} WHERE {table} MATCH ?",  # noqa: S608
            (f'"{word}"',),
        ).fetchall()
        if not rows:
            return {}
        # FTS5 takes words of more than half of the rows for worthless; in a small skill that is
        # every word.
        n = len(rows)
        theirs = max(math.log((size - n + 0.5) / (n + 0.5)), 1e-6) if n <= size else 1e-6
        scale = _rarity(n, size) / theirs
        return {row: score * scale for row, score in rows}

    def _sections(self) -> Iterator[tuple[int | str, ...]]:
        for number, page in enumerate(self.pages):
            for part in page.parts:
                part.fields = {name: self._read(text) for name, text in part.fields.items()}
                self.parts.append(part)
                part.document = number
                yield len(self.parts) - 1, *part.fields.values()

    def _documents(self) -> Iterator[tuple[int | str, ...]]:
        for number, page in enumerate(self.pages):
            whole = {
                name: " ".join(part.fields[name] for part in page.parts)
                for name in FIELDS
                if name != "way"
            }
            whole["way"] = self._read(page.title)
            yield number, *(whole[name] for name in FIELDS)

    def _read(self, text: str) -> str:
        read = list(words(text))
        self._known.update(read)
        return " ".join(read)


def _rarity(rows: int, size: int) -> float:
    """What a word tells that stands in `rows` of `size` rows; always more than nothing."""
    return math.log(1 + max(0, size - rows + 0.5) / (rows + 0.5))
