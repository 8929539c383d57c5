"""Kept: the index of a skill that says what people ask, made once, then read from the user's cache.

The file is the database as SQLite writes it, behind the hash of its key and its bytes. The key is
what the index is made of: the skill's texts, the model, this package and the Python that runs it.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from mlskill.caches import cache_folder, trusted, write_whole
from mlskill.home import home
from mlskill.loader import load
from mlskill.model import Skill
from mlskill.reader import read
from mlskill.searcher.index import Index
from mlskill.searcher.meanings import choose
from mlskill.searcher.texts import searched

LARGEST = 64 << 20
"""Bytes of a file that is read."""
MOST = 16
"""Files that are kept: of other skills and versions, too."""
_STAMP = 20


def kept_index(skill: Skill | None = None) -> Index:
    """The index of `skill`, with the better model; of the packaged one, without loading it."""
    model = choose()
    texts = searched(skill or read(home()))
    folder = cache_folder()
    if not trusted(folder):
        return Index([skill or load()], model=model)
    key = _key(texts, model)
    path = Path(str(folder), "search", f"{key.hex()}.idx")
    if found := _taken(path, key):
        return found
    made = Index([skill or load()], model=model)
    data = made.database.serialize()
    with suppress(OSError):  # a full or read-only disk: then it is made again next time
        write_whole(path, _stamp(key, data) + data)
        _trim(path.parent)
    return made


def _taken(path: Path, key: bytes) -> Index | None:
    """The index in the file `path`; None where that is absent, spoilt or another's."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    stamp, data = data[:_STAMP], data[_STAMP:]
    if stamp != _stamp(key, data):
        return None
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.deserialize(data)
    return Index(database=database)


def _key(texts: Iterable[tuple[str, str]], model: str) -> bytes:
    """The hash of all that the index depends on."""
    total = blake2b(repr((model, sys.version, sqlite3.sqlite_version)).encode(), digest_size=_STAMP)
    for path, text in sorted(texts):
        for part in (path, text):
            data = part.encode("utf-8", "surrogatepass")
            total.update(b"%d:" % len(data) + data)
    package = Path(__file__).parents[1]
    for unit in ("parser", "searcher", "linker.py", "frontmatter.py", "loader.py", "tokens.py"):
        at = package / unit
        for file in sorted(at.iterdir()) if at.is_dir() else [at]:
            if file.is_file():
                status = file.stat()
                total.update(repr((file.name, status.st_size, status.st_mtime_ns)).encode())
    return total.digest()


def _stamp(key: bytes, data: bytes) -> bytes:
    return blake2b(key + data, digest_size=_STAMP).digest()


def _trim(folder: Path) -> None:
    """Keep the newest few files."""
    files = sorted(folder.iterdir(), key=os.path.getmtime, reverse=True)
    for file in files[MOST:]:
        file.unlink(missing_ok=True)
