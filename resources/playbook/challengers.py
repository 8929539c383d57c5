"""Models of later months: each fitted on what was known 14 days before its month began.

The 14 days are left to judge it on; what was judged is what is released, without a last fit on
everything. Scores are kept, so that release, monitor and retraining share one set of fits. Change:
`MONTHS`, `JUDGED`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import registry
from delay_model import FIXED, PARAMETERS, Model, Scorer, fit
from store import digest, write_frame

from data import known

MONTHS = ("05", "06", "07", "08", "09", "10", "11", "12")
JUDGED = pd.Timedelta(days=14)
Array = npt.NDArray[np.float64]


def load(home: Path) -> pd.DataFrame:
    """The rows with ``p``, the probabilities of the first champion, from April on."""
    source = home / "tables" / "rows.parquet"
    rows = pd.read_parquet(source)
    rows.attrs["sha256"] = digest(source)
    return rows.assign(p=Scorer(registry.publish(home, 1)).probability(rows))


def cutoff(month: str) -> str:
    """The day at which the challenger for `month` stops learning."""
    return str((pd.Timestamp(f"2013-{month}-01") - JUDGED).date())


def challenger(rows: pd.DataFrame, month: str) -> Model:
    """The model that would replace the champion at the start of `month`."""
    train = known(rows, cutoff(month))
    return fit(train, train["late"])


def scores(home: Path, rows: pd.DataFrame, day: str) -> Array:
    """Probabilities from a model of what was known on `day`; missing for flights before it."""
    about = f"{rows.attrs['sha256']}{day}{PARAMETERS}{FIXED}"
    path = home / "tables" / f"scores-{hashlib.sha256(about.encode()).hexdigest()[:12]}.parquet"
    later = (rows["day"] >= day).to_numpy()
    out = np.full(len(rows), np.nan)
    if not path.exists():
        train = known(rows, day)
        model = fit(train, train["late"])
        write_frame(path, pd.DataFrame({"p": model.probability(rows[later])}))
    out[later] = pd.read_parquet(path)["p"].to_numpy()
    return out
