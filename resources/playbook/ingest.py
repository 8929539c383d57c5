"""An append-only log of batches in Parquet, read through DuckDB: the newest word on each row.

A file is named by what is in it, so that a batch delivered twice, or again after a crash, is one
file. Rows that come late count from their receipt; a corrected row wins by it. Change:
`SCHEMAS` and `KEYS` in the contract; on an object store `root` is ``UPath("s3://...")``
(universal-pathlib, s3fs).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
from contract import KEYS, check
from store import write_frame


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch."""

    kept: int
    quarantined: int
    known: bool
    """Whether the same batch had been received before: then nothing changed."""


def ingest(root: Path, kind: str, batch: pd.DataFrame, received: int) -> Receipt:
    """Check a batch and append its good rows; `received` is the minute at which it came.

    Raises:
        ContractError: the batch as a whole is wrong; the log is as before.
    """
    good, bad = check(kind, batch)
    good = good.sort_values(KEYS[kind], ignore_index=True)
    path = root / kind / _name(good)
    if len(bad):  # first, so that a kill between the two repeats both
        set_aside(root, kind, bad, received)
    known = path.exists()
    if len(good) and not known:
        write_frame(path, good.assign(received=received))
    return Receipt(len(good), len(bad), known)


def set_aside(root: Path, kind: str, bad: pd.DataFrame, received: int) -> None:
    """Keep what cannot enter the log, as text, for a person to look at."""
    bad = bad.astype(str)
    write_frame(root / "quarantine" / kind / _name(bad), bad.assign(received=received))


def _name(rows: pd.DataFrame) -> str:
    """A file's name, made of what is in it."""
    content = pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes()
    return f"{hashlib.sha256(content).hexdigest()[:32]}.parquet"


def current(root: Path, kind: str, until: int = 2**31) -> pd.DataFrame:
    """The newest word on every row, as received by the minute `until`, ordered by key.

    The same word said again counts from the first time: an old batch sent once more, whole or in
    part, undoes no correction. So a source that takes a correction back must number its versions.
    """
    key = KEYS[kind]
    query = f"""
        WITH words AS (
            SELECT * EXCLUDE (received, filename), min(received) AS received, max(filename) AS file
            FROM read_parquet(?, filename = true) WHERE received <= ? GROUP BY ALL
        )
        SELECT * EXCLUDE (file) FROM words
        QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY received DESC, file DESC) = 1
        ORDER BY {key}
    """  # noqa: S608 - the key is our own constant
    with duckdb.connect(config={"threads": 1}) as connection:
        if not isinstance(root, Path):
            connection.register_filesystem(root.fs)
        return connection.execute(query, [str(root / kind / "*.parquet"), until]).df()
