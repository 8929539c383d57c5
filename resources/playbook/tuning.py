"""The tuning of stage train by Ray Tune: ``python resources/playbook/tuning.py``. Needs: data.

Space, sampler, loss and number of trials are those of `train.tuned`, which runs beside it; the best
trial must be the same. It is as long as the sampler draws by lot, in its first ten trials: later
ones depend on which had ended. Change: the address of the cluster in `ray.init`, `CORES`.
``pip install "ray[tune]"``.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a cluster of this machine alone
os.environ.setdefault("PYTHONPATH", str(Path(__file__).parent))  # where workers find these modules

import pandas as pd
import ray
import train
from clock import timed
from ray import tune
from ray.tune.search.optuna import OptunaSearch

CORES = 2


def tuned(rows: pd.DataFrame, storage: Path) -> dict[str, Any]:
    """The best of the trials, run at once and kept under `storage`."""
    once = ray.put(rows)

    def trial(chosen: dict[str, Any]) -> dict[str, float]:
        return {"loss": train.loss(ray.get(once), chosen)}

    search = OptunaSearch(train.space, sampler=train.sampler(), metric="loss", mode="min")
    how = tune.TuneConfig(
        search_alg=search,
        num_samples=train.TRIALS,
        max_concurrent_trials=CORES,
        reuse_actors=True,  # a process for each trial took twice as long
    )
    where = tune.RunConfig(storage_path=str(storage.absolute()), verbose=0)
    found = tune.Tuner(trial, tune_config=how, run_config=where).fit()
    return dict(found.get_best_result("loss", "min").config or {})


def main() -> None:
    """Compare one process and Ray Tune."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path("playbook-run"))
    home = parser.parse_args().home
    rows = pd.read_parquet(home / "tables" / "rows.parquet")
    single, alone = timed(lambda: train.tuned(rows))
    ray.init(num_cpus=CORES, include_dashboard=False, log_to_driver=False)
    spread, best = timed(lambda: tuned(rows, home / "tune"))
    ray.shutdown()
    if best != alone:
        raise SystemExit(f"another trial is the best: {best}, in one process {alone}")
    print(f"{train.TRIALS} trials: Ray Tune {spread:.1f} s, one process {single:.1f} s; best equal")


if __name__ == "__main__":
    main()
