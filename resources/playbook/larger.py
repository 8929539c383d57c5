"""A log larger than memory, on Spark: ``python resources/playbook/larger.py``. Needs: data.

Two lines change. The query for the newest word on each row is that of `ingest.current` with Spark's
name for a file. Features are those of `State`, a stretch of days at a time: no window looks further
back than `SEEN`, so an event goes to each stretch that may see it and to no other. The rows must
equal those of one process, which is timed beside it. Change: the cluster in `session`, `STRETCH`.
``pip install pyspark``, and Java 17.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("PYTHONPATH", str(Path(__file__).parent))  # where workers find these modules
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

import events
import pandas as pd
from clock import timed
from columns import CATEGORIES, NAMES
from contract import KEYS
from features import DAY, State
from ingest import current
from pyspark.sql import DataFrame, SparkSession

CORES = 2
STRETCH = 28 * DAY
"""Minutes of departures whose features one task makes; it holds their events and what these see."""
SEEN = 30 * DAY
"""The longest window, and more."""
EVENT = """
    flight_id string, day string, carrier string, flight long, origin string, dest string,
    tailnum string, distance_mi double, sched_dep long, sched_arr long, dep double, land double,
    late boolean, dep_known double, land_known double, known_at long
"""
TEXTS = ("flight_id", *CATEGORIES)
ROW = ", ".join(f"{n} {'string' if n in TEXTS else 'double'}" for n in ("flight_id", *NAMES))


def session() -> SparkSession:
    """Spark on this machine."""
    builder = SparkSession.builder.master(f"local[{CORES}]")
    builder = builder.config("spark.sql.shuffle.partitions", 2 * CORES)
    return builder.config("spark.ui.enabled", False).getOrCreate()


def newest(spark: SparkSession, root: Path, kind: str) -> DataFrame:
    """The newest word on every row."""
    files, key = spark.read.parquet(str(root / kind)), KEYS[kind]
    files.selectExpr("*", "_metadata.file_path AS file").createOrReplaceTempView("log")
    return spark.sql(f"""
        WITH words AS (
            SELECT * EXCEPT (received, file), min(received) AS received, max(file) AS file
            FROM log GROUP BY ALL
        )
        SELECT * EXCEPT (file) FROM words
        QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY received DESC, file DESC) = 1
    """)  # noqa: S608 - the key is our own constant


def build(parts: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Flights as events, a part at a time."""
    return map(events.build, parts)


def features(log: DataFrame, sky: pd.DataFrame) -> DataFrame:
    """The rows of `State` for every event."""

    def rows(stretch: tuple[int], part: pd.DataFrame) -> pd.DataFrame:
        seen = part.sort_values(["sched_dep", "flight_id"], ignore_index=True)
        own = seen[seen["sched_dep"] // STRETCH == stretch[0]].reset_index(drop=True)
        return State(seen, sky).rows(own).assign(flight_id=own["flight_id"])

    last = f"(greatest(sched_dep, known_at) + {SEEN}) div {STRETCH}"
    stretches = f"explode(sequence(sched_dep div {STRETCH}, {last})) AS stretch"
    return log.selectExpr("*", stretches).groupBy("stretch").applyInPandas(rows, ROW)


def main() -> None:
    """Compare one process and Spark on the newest words and on features of the whole log."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path("playbook-run"))
    root = parser.parse_args().home / "log"
    start, spark = timed(session)
    sky = current(root, "weather")
    found = newest(spark, root, "flights")
    log = found.mapInPandas(build, EVENT)
    alone, words = timed(lambda: current(root, "flights"))
    spread, again = timed(found.toPandas)
    _equal(words, again)
    print(f"spark: start {start:.1f} s")
    print(f"newest word on {len(words)} rows: {spread:.1f} s, DuckDB {alone:.1f} s; all equal")
    whole = events.build(words)
    alone, table = timed(lambda: State(whole, sky).rows(whole))
    spread, again = timed(features(log, sky).toPandas)
    _equal(table.assign(flight_id=whole["flight_id"]), again)
    print(f"their features: {spread:.1f} s, one process {alone:.1f} s; all equal")
    spark.stop()


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Raise unless the rows are equal: Spark gives them in no order, hours as 64 bits."""
    one, other = (
        f.sort_values("flight_id", ignore_index=True)[list(one.columns)] for f in (one, other)
    )
    pd.testing.assert_frame_equal(one, other, check_dtype=False, check_exact=True)


if __name__ == "__main__":
    main()
