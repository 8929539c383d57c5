"""The registry: an index in a file, of any number of skills, brought up to date step by step.

A skill is known by the hash of its files: one that has not changed is not parsed again. Each batch
is one transaction, so a killed update loses at most its last batch, and the next one goes on there.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from mlskill.errors import (
    IndexFileError,
    MissingPathError,
    MlskillError,
    NoSkillError,
    NotASkillError,
)
from mlskill.loader import assemble
from mlskill.model import LIMITS, Fault, Sources
from mlskill.reader import discover, read
from mlskill.searcher import store
from mlskill.searcher.index import Index
from mlskill.searcher.meanings import SMALL
from mlskill.searcher.store import Prepared
from mlskill.searcher.texts import searched

BATCH = 64
"""Skills in one transaction."""
LIMITS_OF_MANY = replace(LIMITS, skills=1_000_000)
"""A registry is larger than what one command looks at by default."""
WAIT = 30.0
"""Seconds to wait while another process writes."""


@dataclass(slots=True)
class Update:
    """What an update did."""

    added: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    complete: bool = True
    faults: tuple[Fault, ...] = ()


def open_index(path: str | os.PathLike[str]) -> Index:
    """The index in a file, to be searched.

    Raises:
        MissingPathError: there is no such file.
        IndexFileError: it is no index of mlskill, or it is damaged.
    """
    if not Path(path).is_file():
        raise MissingPathError(path)
    return Index(database=_connect(path, "ro"), file=os.fspath(path))


def update(
    path: str | os.PathLike[str],
    folders: Iterable[str],
    *,
    jobs: int = 1,
    model: str = SMALL,
    told: Callable[[int], object] = int,
) -> Update:
    """Bring the index in the file `path` up to date with every skill in or below `folders`.

    Skills that were in the index and are gone from these folders are taken out; those of other
    folders stay. With `jobs`, skills are read by joblib: in as many processes, or on whatever
    engine `joblib.parallel_config` names (Dask, Ray). `told` hears how many more are done, each
    time that some are safe.

    Raises:
        MissingPathError: one of `folders` does not exist.
        IndexFileError: the file is no index of mlskill, or it is damaged.
    """
    done = Update()
    database = _connect(path, "rwc", model)
    try:
        (model,) = database.execute("SELECT name FROM model").fetchone()
        known = dict(database.execute("SELECT root, digest FROM skills"))
        for folder in folders:
            folder = os.path.abspath(folder)  # noqa: PTH100 - a name is kept as it is, links and all
            seen: set[str] = set()
            found = discover(folder, limits=LIMITS_OF_MANY)
            for batch in batches(found, known, jobs, model):
                with database:
                    for root, prepared in batch:
                        seen.add(root)
                        _write(database, root, prepared, known, done)
                told(len(batch))
            done.faults += tuple(found.faults)
            done.complete &= found.complete
            if found.complete:
                with database:
                    _forget(database, folder, seen, done)
    except sqlite3.DatabaseError as error:
        raise _broken(path, error) from None
    finally:
        database.close()
    return done


def read_all(folders: Sequence[str], *, jobs: int = 1) -> Iterator[Prepared]:
    """Every skill in or below `folders`, ready to be stored anywhere.

    Raises (at its end):
        NoSkillError: there is none.
    """
    empty = True
    for folder in folders:
        found = discover(os.path.abspath(folder), limits=LIMITS_OF_MANY)  # noqa: PTH100
        for batch in batches(found, {}, jobs):
            empty = False
            yield from (prepared for _, prepared in batch if prepared)
    if empty:
        raise NoSkillError(folders)


def batches(
    roots: Iterable[str], known: dict[str, str], jobs: int = 1, model: str = SMALL
) -> Iterator[list[tuple[str, Prepared | None]]]:
    """Each skill, ready to be stored (None: it is as it was), some at a time."""
    roots = iter(roots)
    if jobs == 1:
        while some := list(islice(roots, BATCH)):
            yield [fresh(root, known.get(root, ""), model) for root in some]
        return
    try:
        from joblib import (
            Parallel,
            delayed,
            effective_n_jobs,
        )
    except ImportError:
        raise MlskillError("several jobs need the extra: pip install 'mlskill[jobs]'") from None
    with Parallel(n_jobs=jobs) as pool:
        size = BATCH * max(2, effective_n_jobs(jobs))
        while some := list(islice(roots, size)):
            parts = [some[at : at + 16] for at in range(0, len(some), 16)]
            work = (
                delayed(_several)([(r, known.get(r, "")) for r in part], model) for part in parts
            )
            yield [one for part in pool(work) for one in part]


def _several(roots: list[tuple[str, str]], model: str) -> list[tuple[str, Prepared | None]]:
    return [fresh(root, digest, model) for root, digest in roots]


def fresh(root: str, digest: str, model: str = SMALL) -> tuple[str, Prepared | None]:
    """A skill as it is to be stored; None where its files are those of `digest`."""
    try:
        sources = read(root)
        now = digest_of(sources)
        return root, None if now == digest else store.prepare(assemble(sources), root, now, model)
    except (MissingPathError, NotASkillError):  # removed since it was discovered
        return root, None


def digest_of(sources: Sources) -> str:
    """A hash of what a skill's files say and where they lie."""
    total = hashlib.sha256(str(store.VERSION).encode())
    for file in searched(sources):
        for text in file:
            data = text.encode("utf-8", "surrogatepass")
            total.update(b"%d:" % len(data) + data)
    return total.hexdigest()


def _write(
    database: sqlite3.Connection,
    root: str,
    prepared: Prepared | None,
    known: dict[str, str],
    done: Update,
) -> None:
    row = database.execute("SELECT id FROM skills WHERE root = ?", (root,)).fetchone()
    if prepared is None and row:
        done.same += 1
    elif prepared is None:
        return
    else:
        if row:
            store.remove(database, int(row[0]))
        store.add(database, prepared)
        done.changed += root in known
        done.added += root not in known


def _forget(database: sqlite3.Connection, folder: str, seen: set[str], done: Update) -> None:
    """Take out the skills that were below `folder` and are no longer."""
    below = folder.rstrip("/") + "/"
    for at, root in database.execute("SELECT id, root FROM skills").fetchall():
        if (root == folder or root.startswith(below)) and root not in seen:
            store.remove(database, at)
            done.removed += 1


def _connect(path: str | os.PathLike[str], mode: str, model: str = SMALL) -> sqlite3.Connection:
    """The database in a file that others may have made: its schema is not trusted."""
    address = f"{Path(path).absolute().as_uri()}?mode={mode}"
    try:
        database = sqlite3.connect(address, uri=True, timeout=WAIT, check_same_thread=False)
    except sqlite3.Error as error:
        raise IndexFileError(path, str(error)) from None
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        (ours,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        empty = not database.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        if empty and mode == "rwc":
            store.create(database, model)
        elif (ours, version) != (store.APPLICATION, store.VERSION):
            raise IndexFileError(path, "another program's, or another version's, file")
        database.execute("SELECT count(*) FROM skills").fetchone()
    except sqlite3.DatabaseError as error:
        database.close()
        raise _broken(path, error) from None
    except IndexFileError:
        database.close()
        raise
    return database


def _broken(path: str | os.PathLike[str], error: sqlite3.Error) -> MlskillError:
    return IndexFileError(path, str(error))
