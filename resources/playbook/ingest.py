"""An append-only log of batches in Parquet, read through DuckDB: the newest word on each row.

A file is named by what is in it, so that a batch delivered twice, or again after a crash, is one
file. Rows that come late are simply there; a corrected row wins by its time of receipt. Change:
`SCHEMAS` and `KEYS` in the contract; for an object store, give `root` its address.
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
    good = good.sort_values(KEYS[kind], ignore_index=True).assign(received=received)
    content = pd.util.hash_pandas_object(good, index=False).to_numpy().tobytes()
    name = f"{received:010d}-{hashlib.sha256(content).hexdigest()[:16]}.parquet"
    path = root / kind / name
    if len(bad):  # first, so that a kill between the two repeats both
        write_frame(root / "quarantine" / kind / name, bad.astype(str))
    known = path.exists()
    if not known:
        write_frame(path, good)
    return Receipt(len(good), len(bad), known)


def current(root: Path, kind: str) -> pd.DataFrame:
    """The newest version of every row, ordered by key."""
    key = KEYS[kind]
    query = f"""
        SELECT * EXCLUDE (filename) FROM read_parquet(?, filename = true)
        QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY received DESC, filename DESC) = 1
        ORDER BY {key}
    """  # noqa: S608 - the key is our own constant
    with duckdb.connect(config={"threads": 1}) as connection:
        return connection.execute(query, [str(root / kind / "*.parquet")]).df()
