"""Models of later months: each fitted on what was known 14 days before its month began.

The 14 days are left to judge it on; what was judged is what is released, without a last fit on
everything. Scores are kept, so that release, monitor and retraining share one set of fits. Change:
`JUDGED`; the months are `LATER` in `plan.py`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import registry
from delay_model import FIXED, PARAMETERS, Model, Scorer
from recipe import kept
from store import digest, write_frame

JUDGED = pd.Timedelta(days=14)
Array = npt.NDArray[np.float64]


def load(home: Path) -> pd.DataFrame:
    """The rows with ``p``, the probabilities of the version that stage train made."""
    source = home / "tables" / "rows.parquet"
    rows = pd.read_parquet(source)
    rows.attrs["sha256"] = digest(source)
    _, first = kept(home)
    return rows.assign(p=Scorer(registry.publish(home, first)).probability(rows))


def cutoff(begin: str) -> str:
    """The day at which the challenger for the month that begins with `begin` stops learning."""
    return str((pd.Timestamp(begin) - JUDGED).date())


def challenger(home: Path, rows: pd.DataFrame, begin: str) -> Model:
    """The model that would replace the champion on the day `begin`, made as training kept it."""
    recipe, _ = kept(home)
    return recipe.fit(rows, cutoff(begin))


def scores(home: Path, rows: pd.DataFrame, day: str) -> Array:
    """Probabilities from a model of what was known on `day`; missing for flights before it."""
    recipe, _ = kept(home)
    about = f"{rows.attrs['sha256']}{day}{recipe}{PARAMETERS}{FIXED}"
    path = home / "tables" / f"scores-{hashlib.sha256(about.encode()).hexdigest()[:12]}.parquet"
    later = (rows["day"] >= day).to_numpy()
    out = np.full(len(rows), np.nan)
    if not path.exists():
        p = recipe.fit(rows, day).probability(rows[later])
        write_frame(path, pd.DataFrame({"p": p}))
    out[later] = pd.read_parquet(path)["p"].to_numpy()
    return out
