"""The same code on engines: ``python resources/playbook/grow.py ray|dask``. Needs: train.

Not a stage of the run: on one machine an engine is slower. It shows which lines change, and that
the numbers do not. Windows over time need the whole log, so it is put once where every task can
read it, and the queries are split, not the events. Fits of several months are independent, so they
are tasks as they are. Change: the address of the cluster in `on_ray` or `on_dask`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a cluster of this machine alone
os.environ.setdefault("PYTHONPATH", str(Path(__file__).parent))  # where workers find these modules

import pandas as pd
import plan
from clock import timed
from features import State
from recipe import kept

CORES = 2
FITTED = plan.LATER[:2]
Map = Callable[[Callable[[Any, Any], Any], Any, list[Any]], list[Any]]
"""Runs ``task(shared, item)`` for every item; `shared` travels once."""


@contextmanager
def on_ray() -> Iterator[Map]:
    """Tasks on Ray."""
    import ray

    ray.init(num_cpus=CORES, include_dashboard=False, log_to_driver=False)

    def run(task: Callable[[Any, Any], Any], shared: Any, items: list[Any]) -> list[Any]:
        once, remote = ray.put(shared), ray.remote(task)
        return list(ray.get([remote.remote(once, item) for item in items]))

    yield run
    ray.shutdown()


@contextmanager
def on_dask() -> Iterator[Map]:
    """Tasks on Dask."""
    from distributed import Client

    with Client(n_workers=CORES, threads_per_worker=1, dashboard_address=None) as client:

        def run(task: Callable[[Any, Any], Any], shared: Any, items: list[Any]) -> list[Any]:
            once = client.scatter(shared, broadcast=True)
            return list(client.gather([client.submit(task, once, item) for item in items]))

        yield run


def features(state: State, queries: pd.DataFrame) -> pd.DataFrame:
    """A task: the features of some flights."""
    return state.rows(queries)


def trees(work: Any, day: str) -> str:
    """A task: the model of what was known on a day, as text."""
    recipe, rows = work
    return str(recipe.fit(rows, day).text)


def main() -> None:
    """Compare one process and an engine on features of a quarter and on two fits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("engine", choices=("ray", "dask"))
    parser.add_argument("--home", type=Path, default=Path("playbook-run"))
    options = parser.parse_args()
    tables = options.home / "tables"
    log, sky, rows = (
        pd.read_parquet(tables / f"{n}.parquet") for n in ("events", "weather", "rows")
    )
    queries, state = log[log["day"] < plan.TRAIN_UNTIL], State(log, sky)
    size = -(-len(queries) // CORES)
    pieces = [queries.iloc[i : i + size] for i in range(0, len(queries), size)]
    work = (kept(options.home)[0], rows)
    alone, table = timed(lambda: features(state, queries))
    single, texts = timed(lambda: [trees(work, day) for day in FITTED])
    engine = {"ray": on_ray, "dask": on_dask}[options.engine]()
    start, run = timed(engine.__enter__)
    spread, parts = timed(lambda: run(features, state, pieces))
    fitted, again = timed(lambda: run(trees, work, list(FITTED)))
    pd.testing.assert_frame_equal(table, pd.concat(parts))
    if texts != again:
        raise SystemExit("the trees differ")
    print(f"{options.engine}: start {start:.1f} s; all equal")
    print(f"features of {len(queries)} flights: {spread:.1f} s, one process {alone:.1f} s")
    print(f"{len(FITTED)} fits: {fitted:.1f} s, one process {single:.1f} s")
    engine.__exit__(None, None, None)


if __name__ == "__main__":
    main()
