"""The store: what can be searched, as tables of one SQLite database, in memory or in a file.

FTS5 holds only its index of the words; a section's fields and a document's text are kept
compressed, for taking them out again and for snippets.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlskill.model import Skill
from mlskill.searcher.meanings import SMALL, embed
from mlskill.searcher.runs import count
from mlskill.searcher.sayings import ENOUGH
from mlskill.searcher.texts import FIELDS, Page, pages, plain_text
from mlskill.searcher.words import words
from mlskill.tokens import estimate

APPLICATION, VERSION = 0x6D6C736B, 3
"""What SQLite writes into a file's header: that the file is ours, and how its tables look."""
SPACE = 1 << 20
"""Row ids of one skill's sections and lines: they lie together, and are never another's."""
NONE = -1
"""In place of a document: a line says what the skill is not for."""
BEGINNING = 200
"""Characters of a section that say what it is about."""

_COLUMNS = ", ".join(FIELDS)
_SCHEMA = f"""
CREATE TABLE skills(id INTEGER PRIMARY KEY, root TEXT UNIQUE NOT NULL, digest TEXT NOT NULL,
  documents INTEGER NOT NULL, sections INTEGER NOT NULL, lines INTEGER NOT NULL);
CREATE TABLE documents(id INTEGER PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL,
  text BLOB NOT NULL, main INTEGER NOT NULL);
CREATE TABLE sections(id INTEGER PRIMARY KEY, document INTEGER NOT NULL, anchor TEXT NOT NULL,
  title TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, tokens INTEGER NOT NULL,
  plain BLOB NOT NULL, fields BLOB NOT NULL);
CREATE TABLE lines(id INTEGER PRIMARY KEY, document INTEGER, text TEXT NOT NULL);
CREATE TABLE meanings(skill INTEGER PRIMARY KEY, lines BLOB NOT NULL, sections BLOB NOT NULL);
CREATE TABLE runs(skill INTEGER, run TEXT, owner INTEGER, lines INTEGER NOT NULL,
  PRIMARY KEY(skill, run, owner)) WITHOUT ROWID;
CREATE TABLE model(name TEXT NOT NULL);
CREATE TABLE known(word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5({_COLUMNS}, content='', tokenize='porter unicode61');
CREATE VIRTUAL TABLE sayings USING fts5(text, content='', tokenize='porter unicode61');
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One section as it is stored."""

    document: int
    anchor: str
    title: str
    start: int
    end: int
    tokens: int
    plain: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is stored of one skill: plain values, made in any process and written in one."""

    root: str
    digest: str
    documents: tuple[tuple[str, str, str, bool], ...]
    sections: tuple[Row, ...]
    lines: tuple[tuple[int | None, str], ...]
    meanings: tuple[bytes, bytes]
    runs: tuple[tuple[str, int, int], ...]

    @property
    def words(self) -> set[str]:
        """Every word in it."""
        texts = [text for row in self.sections for text in row.fields]
        return {word for text in texts for word in text.split(" ") if word}


def prepare(skill: Skill, root: str = "", digest: str = "", model: str = SMALL) -> Prepared:
    """Read `skill` for the store; `model` says what its lines mean."""
    found = list(pages(skill))
    sections = [row for number, page in enumerate(found) for row in _rows(page, number)][:SPACE]
    lines = [
        line
        for number, page in enumerate(found)
        for line in (*((number, s) for s in page.sayings), *((None, s) for s in page.against))
    ][:SPACE]
    told = [f"{row.title}: {row.plain[:BEGINNING]}" for row in sections]
    return Prepared(
        root or skill.root,
        digest,
        tuple((p.path, p.title, p.source.text, p.source is skill.main) for p in found),
        tuple(sections),
        tuple(lines),
        (b"".join(embed(model, [text for _, text in lines])), b"".join(embed(model, told))),
        tuple(_runs(lines)),
    )


def _runs(lines: list[tuple[int | None, str]]) -> Iterable[tuple[str, int, int]]:
    """The runs of a skill's lines, counted, where it says at length what it is not for."""
    if sum(document is None for document, _ in lines) < ENOUGH:
        return
    owned = ((NONE if document is None else document, text) for document, text in lines)
    for run, counts in sorted(count(owned).items()):
        yield from ((run, owner, lines) for owner, lines in counts.items())


def _rows(page: Page, number: int) -> Iterable[Row]:
    for part in page.parts:
        section = part.section
        yield Row(
            number,
            section.anchor,
            section.title or page.title,
            section.start,
            section.end,
            estimate(page.source.text[section.start : section.end]),
            plain_text(page.source, section),
            tuple(" ".join(words(part.fields[name])) for name in FIELDS),
        )


def create(database: sqlite3.Connection, model: str = SMALL) -> None:
    """Make the tables, all of them or none."""
    database.executescript(
        f"BEGIN; {_SCHEMA} PRAGMA application_id={APPLICATION}; PRAGMA user_version={VERSION};"
    )
    database.execute("INSERT INTO model VALUES (?)", (model,))
    database.commit()


def add(database: sqlite3.Connection, skill: Prepared) -> int:
    """Write one skill; whoever calls commits. Returns its id."""
    known = ((word,) for word in skill.words)
    database.executemany("INSERT OR IGNORE INTO known VALUES (?)", known)
    cursor = database.execute(
        "INSERT INTO skills(root, digest, documents, sections, lines) VALUES (?, ?, ?, ?, ?)",
        (skill.root, skill.digest, len(skill.documents), len(skill.sections), len(skill.lines)),
    )
    at = int(cursor.lastrowid or 0)
    base = at * SPACE
    database.executemany(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?)",
        (
            (base + n, path, title, _packed(text), main)
            for n, (path, title, text, main) in enumerate(skill.documents)
        ),
    )
    for n, row in enumerate(skill.sections):
        database.execute(
            "INSERT INTO sections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                base + n,
                base + row.document,
                row.anchor,
                row.title,
                row.start,
                row.end,
                row.tokens,
                _packed(row.plain),
                _packed(json.dumps(row.fields, ensure_ascii=False)),
            ),
        )
        _words(database, base + n, row.fields)
    for n, (document, text) in enumerate(skill.lines):
        said = " ".join(words(text))
        about = None if document is None else base + document
        database.execute("INSERT INTO lines VALUES (?, ?, ?)", (base + n, about, text))
        database.execute("INSERT INTO sayings(rowid, text) VALUES (?, ?)", (base + n, said))
    database.execute("INSERT INTO meanings VALUES (?, ?, ?)", (at, *skill.meanings))
    rows = ((at, *row) for row in skill.runs)
    database.executemany("INSERT INTO runs VALUES (?, ?, ?, ?)", rows)
    return at


def remove(database: sqlite3.Connection, at: int) -> None:
    """Take one skill out; whoever calls commits."""
    mine = (at * SPACE, (at + 1) * SPACE - 1)
    rows = database.execute("SELECT id, fields FROM sections WHERE id BETWEEN ? AND ?", mine)
    for row, fields in rows.fetchall():
        _words(database, row, json.loads(unpacked(fields)), delete=True)
    rows = database.execute("SELECT id, text FROM lines WHERE id BETWEEN ? AND ?", mine)
    for row, text in rows.fetchall():
        database.execute(
            "INSERT INTO sayings(sayings, rowid, text) VALUES ('delete', ?, ?)",
            (row, " ".join(words(text))),
        )
    for table in ("documents", "sections", "lines"):
        database.execute(f"DELETE FROM {table} WHERE id BETWEEN ? AND ?", mine)  # noqa: S608
    for table, key in (("meanings", "skill"), ("runs", "skill"), ("skills", "id")):
        database.execute(f"DELETE FROM {table} WHERE {key} = ?", (at,))  # noqa: S608


def chosen(
    database: sqlite3.Connection, query: str, keys: Sequence[object], *first: object
) -> Iterator[tuple[Any, ...]]:
    """The rows of `query`, whose ``IN ({})`` is of any number of `keys`, after the values `first`.

    SQLite takes only so many values at once.
    """
    for at in range(0, len(keys), 500):
        some = keys[at : at + 500]
        marks = ", ".join("?" * len(some))
        yield from database.execute(query.format(marks), (*first, *some))


def _words(
    database: sqlite3.Connection, row: int, fields: Iterable[str], *, delete: bool = False
) -> None:
    command, value = ("words, ", "'delete', ") if delete else ("", "")
    marks = ", ".join("?" * (len(FIELDS) + 1))
    database.execute(
        f"INSERT INTO words({command}rowid, {_COLUMNS}) VALUES ({value}{marks})",  # noqa: S608
        (row, *fields),
    )


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 6)


def unpacked(blob: bytes) -> str:
    """What `_packed` was given."""
    return zlib.decompress(blob).decode("utf-8", "surrogatepass")
