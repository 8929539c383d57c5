"""The features on Ray: ``python resources/playbook/grow.py [--home playbook-run]``. Needs: data.

Not a stage of the run: on one machine it is slower. It shows which line changes, and that the
numbers do not. Windows over time need the whole log, so it is put once where every task can read
it, and the queries are split, not the events. Change: the address of the cluster in `ray.init`.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a cluster of this machine alone

import pandas as pd
import plan
import ray
from features import State

HERE = Path(__file__).parent


def rows_on_ray(log: pd.DataFrame, weather: pd.DataFrame, queries: pd.DataFrame) -> pd.DataFrame:
    """`State.rows` of `queries`, in parallel over the cluster that is connected."""
    state = ray.put(State(log, weather))

    @ray.remote(num_cpus=1)
    def part(known: State, some: pd.DataFrame) -> pd.DataFrame:
        return known.rows(some)

    cores = int(ray.cluster_resources()["CPU"])  # type: ignore[no-untyped-call]
    size = -(-len(queries) // cores)
    pieces = [queries.iloc[i : i + size] for i in range(0, len(queries), size)]
    return pd.concat(ray.get([part.remote(state, piece) for piece in pieces]))


def main() -> None:
    """Compare both ways on the first quarter and print the seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, default=Path("playbook-run"))
    tables = parser.parse_args().home / "tables"
    log, sky = (pd.read_parquet(tables / f"{name}.parquet") for name in ("events", "weather"))
    queries = log[log["day"] < plan.TRAIN_UNTIL]
    began = time.monotonic()
    alone = State(log, sky).rows(queries)
    one = time.monotonic() - began
    began = time.monotonic()
    environment = {"env_vars": {"PYTHONPATH": str(HERE)}}
    ray.init(num_cpus=2, runtime_env=environment, include_dashboard=False, log_to_driver=False)
    start = time.monotonic() - began
    began = time.monotonic()
    spread = rows_on_ray(log, sky, queries)
    many = time.monotonic() - began
    pd.testing.assert_frame_equal(alone, spread)
    seconds = f"one process {one:.1f} s; Ray {many:.1f} s, start {start:.1f} s"
    print(f"{len(queries)} flights, equal: {seconds}")
    ray.shutdown()


if __name__ == "__main__":
    main()
