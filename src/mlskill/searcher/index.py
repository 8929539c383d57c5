"""The index: what the words of a question find in the store, word by word.

Each word of a question is looked up alone. So a long question costs no more than its words, what
it holds is never an expression of FTS5, and what each word tells is known by section and line.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from weakref import finalize

from mlskill.model import Skill
from mlskill.searcher import store
from mlskill.searcher.lexicon import MOST_ROWS, Lexicon, rarity_of
from mlskill.searcher.meanings import SMALL, cosines, embed
from mlskill.searcher.ranking import CLOSE, LITTLE, WEIGHTS_OF, Evidence, Found, fits, rank, tops
from mlskill.searcher.runs import ALL, alike, runs
from mlskill.searcher.sayings import ENOUGH
from mlskill.searcher.store import SPACE
from mlskill.searcher.words import asked, meant, phrases

WORD = 0.5
"""What one word can add to `known` at most, as a share of the rarity of a word never heard of."""
TYPO = 0.7
"""What a word counts that only a corrected form of it was found for."""
MOST_WORDS = 64
"""Of a longer question this many words are looked up."""
CANDIDATES = 30
"""Of more skills than these, the meaning is compared of those that words brought in, the best."""
BEST = 2
"""How many of a document's lines are compared with the question: the mean of the best."""


class Index:
    """What can be searched of some skills."""

    def __init__(
        self,
        skills: Iterable[Skill] = (),
        *,
        model: str = SMALL,
        database: sqlite3.Connection | None = None,
        file: str | None = None,
    ) -> None:
        self.file = file
        self.database = database or sqlite3.connect(":memory:", check_same_thread=False)
        finalize(self, self.database.close)  # from 3.13 on Python warns of one left open
        if database is None:
            store.create(self.database, model)
            taken: dict[str, int] = defaultdict(int)
            for skill in skills:
                # Two skills may have one name; each keeps its path.
                root = skill.root + "\0" * taken[skill.root]
                taken[skill.root] += 1
                store.add(self.database, store.prepare(skill, root, model=model))
            self.database.commit()
        self.lexicon = Lexicon(self.database)
        (self.model,) = self.database.execute("SELECT name FROM model").fetchone()

    @property
    def alone(self) -> bool:
        """Whether only one skill is in it: then paths need not name it."""
        return self.lexicon.size("skills") == 1

    def evidence(self, query: str) -> Evidence:
        """All that speaks for or against an answer to `query`."""
        found = Evidence()
        lines: dict[int, float] = defaultdict(float)
        self._read_words(query, found, lines)
        self._read_lines(found, lines)
        if found.words:
            self._read_meanings(query, found)
        scale = math.sqrt(max(4, found.words))
        for part in (found.sections, found.lines, found.known, found.against):
            for key in part:
                part[key] /= scale
        return found

    def answers(self, query: str) -> list[Found]:
        """The sections that answer `query`, best first; none of a skill that does not fit."""
        found = self.evidence(query)
        weights = WEIGHTS_OF[self.model]
        owners: dict[int, int] = {}
        spoken = bool(found.far) and self.alone
        close = found.close if spoken or not found.sections else {}
        # Where lines say what a skill is for, they may find a section that no word leads to.
        far = -1.0 if spoken else CLOSE
        self._owners([*found.sections, *(row for row in close if close[row] > far)], owners)
        self._leads(found.lines, owners)
        skills = {section // SPACE for section in owners}
        most = tops(found)
        fitting = {at for at in skills if fits(found, most, at, weights)}
        owners = {row: owner for row, owner in owners.items() if row // SPACE in fitting}
        return rank(found, owners, weights, 1.0 if spoken else LITTLE)

    def _leads(self, documents: Iterable[int], owners: dict[int, int]) -> None:
        """Add the first section of each document of which only lines speak."""
        for document in set(documents) - set(owners.values()):
            row = self.database.execute(
                "SELECT id FROM sections WHERE document = ? AND id BETWEEN ? AND ? LIMIT 1",
                (document, document // SPACE * SPACE, (document // SPACE + 1) * SPACE - 1),
            ).fetchone()
            if row:
                owners[row[0]] = document

    def hit(self, found: Found) -> tuple[str, str, str, int, str, str]:
        """Path, anchor, title, tokens, text and plain text of a section."""
        (root,) = self.database.execute(
            "SELECT root FROM skills WHERE id = ?", (found.section // SPACE,)
        ).fetchone()
        path, whole = self.database.execute(
            "SELECT path, text FROM documents WHERE id = ?", (found.document,)
        ).fetchone()
        anchor, title, start, end, tokens, plain = self.database.execute(
            "SELECT anchor, title, start, end, tokens, plain FROM sections WHERE id = ?",
            (found.section,),
        ).fetchone()
        root = root.rstrip("\0")
        address = path if self.alone else f"{root.rstrip('/')}/{path}"
        return (
            address,
            anchor,
            title,
            tokens,
            store.unpacked(whole)[start:end],
            store.unpacked(plain),
        )

    def _read_words(self, query: str, found: Evidence, lines: dict[int, float]) -> None:
        size, said = self.lexicon.size("sections"), self.lexicon.size("lines")
        unheard = math.log(1 + size / 0.5) or 1.0
        owners: dict[int, int] = {}
        total = 0.0
        common: dict[str, tuple[float, set[int]]] = {}
        terms = asked(query)[:MOST_WORDS]
        for word in terms:
            forms, share = [word], 1.0
            rows = self.lexicon.look("words", word, size)
            if not rows and not self.lexicon.look("sayings", word, said):
                forms, share = meant(word, self.lexicon.known(word))[:4], TYPO
                for form in forms:
                    for row, score in self.lexicon.look("words", form, size).items():
                        rows[row] = max(rows.get(row, 0.0), score)
            often = self.lexicon.count("words", word) if len(rows) == MOST_ROWS else len(rows)
            rarity = rarity_of(often, size) if rows else unheard
            total += rarity
            self._owners(rows, owners)
            if often > len(rows):
                common[word] = rarity, {owners[row] for row in rows}
            best: dict[int, float] = defaultdict(float)
            for row, score in rows.items():
                found.sections[row] = found.sections.get(row, 0.0) + share * score
                best[owners[row]] = max(best[owners[row]], share * score)
            for owner, score in best.items():
                found.known[owner] = found.known.get(owner, 0.0) + min(score, WORD * unheard)
                found.covered[owner] = found.covered.get(owner, 0.0) + rarity
            for form in forms:
                for row, score in self.lexicon.look("sayings", form, said).items():
                    lines[row] += share * score
        self._read_common(found, common)
        found.ascii = query.isascii()
        found.words, found.told, found.unheard = len(terms), total / unheard, unheard
        for owner in found.covered:
            found.covered[owner] /= total

    def _read_common(self, found: Evidence, common: dict[str, tuple[float, set[int]]]) -> None:
        """See where the likeliest skills hold words too common for all of their rows to be read.

        `common` has what each word tells, and the documents in which it was seen.
        """
        for at in candidates(found) if common else ():
            for word, (rarity, seen) in common.items():
                rows = self.database.execute(
                    "SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?",
                    (f'"{word}"', at * SPACE, (at + 1) * SPACE - 1),
                )
                owners: dict[int, int] = {}
                self._owners((row for (row,) in rows.fetchall()), owners)
                for owner in {*owners.values()} - seen:
                    found.covered[owner] = found.covered.get(owner, 0.0) + rarity

    def _read_lines(self, found: Evidence, lines: dict[int, float]) -> None:
        """The mean of the best lines of each document, and of those that speak against a skill."""
        about: dict[int, list[float]] = defaultdict(list)
        against: dict[int, list[float]] = defaultdict(list)
        owners: dict[int, int | None] = {}
        self._owners(lines, owners, "lines")
        for row, score in lines.items():
            owner = owners[row]
            if owner is None:
                against[row // SPACE].append(score)
            else:
                about[owner].append(score)
        found.lines = {key: mean_of_best(scores) for key, scores in about.items()}
        found.against = {key: mean_of_best(scores) for key, scores in against.items()}

    def _read_meanings(self, query: str, found: Evidence) -> None:
        asked_for = embed(self.model, phrases(query))
        for at, lines, sections in self._meanings(found):
            owners = [*self._of(at, "lines").values()]
            cosine = cosines(asked_for, lines)
            nearest = [max(each) for each in zip(*cosine, strict=True)]
            for near, far, values in (
                (found.near, found.far, nearest),
                (found.near_whole, found.far_whole, cosine[0]),
            ):
                groups: dict[int | None, list[float]] = defaultdict(list)
                for owner, value in zip(owners, values, strict=True):
                    groups[owner].append(value)
                against = groups.pop(None, [])
                if len(against) >= ENOUGH:
                    far[at] = mean_of_best(against)
                near |= {o: mean_of_best(group) for o, group in groups.items() if o is not None}
            if at in found.far:
                self._read_runs(query, at, found)
            close = zip(*cosines(asked_for, sections), strict=True)
            found.close |= zip(self._of(at, "sections"), map(max, close), strict=True)

    def _read_runs(self, query: str, at: int, found: Evidence) -> None:
        """What the runs of `query` say of one skill's documents, and against it."""
        counts: dict[str, dict[int, int]] = defaultdict(dict)
        rows = "SELECT run, owner, lines FROM runs WHERE skill = ? AND run IN ({})"
        for run, owner, lines in store.chosen(self.database, rows, [ALL, *sorted(runs(query))], at):
            counts[run][owner] = lines
        like = alike(counts)
        found.unlike[at] = like.pop(store.NONE, 0.0)
        found.alike |= {at * SPACE + number: value for number, value in like.items()}

    def _meanings(self, found: Evidence) -> Iterator[tuple[int, bytes, bytes]]:
        """By skill, the rows of what its lines and sections mean; of many, those words found."""
        query, wanted = "SELECT skill, lines, sections FROM meanings", []
        if self.lexicon.size("skills") > CANDIDATES:
            wanted = candidates(found)
            query += f" WHERE skill IN ({', '.join('?' * len(wanted))})"
        yield from self.database.execute(query, wanted)

    def _of(self, at: int, table: str) -> dict[int, int | None]:
        """The rows of one skill, and the document of each."""
        return dict(
            self.database.execute(
                f"SELECT id, document FROM {table} WHERE id BETWEEN ? AND ? ORDER BY id",  # noqa: S608
                (at * SPACE, (at + 1) * SPACE - 1),
            )
        )

    def _owners(self, rows: Iterable[int], known: dict, table: str = "sections") -> None:  # type: ignore[type-arg]
        wanted = [row for row in rows if row not in known]
        query = f"SELECT id, document FROM {table} WHERE id IN ({{}})"  # noqa: S608
        known.update(store.chosen(self.database, query, wanted))


def candidates(found: Evidence) -> list[int]:
    """The skills that words speak for most."""
    best: dict[int, float] = {}
    for section, score in found.sections.items():
        best[section // SPACE] = max(score, best.get(section // SPACE, 0.0))
    return sorted(best, key=lambda at: (-best[at], at))[:CANDIDATES]


def mean_of_best(scores: list[float]) -> float:
    """The mean of the best few, those that are missing counted as nothing."""
    return sum(sorted(scores, reverse=True)[:BEST]) / BEST
