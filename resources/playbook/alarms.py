"""What watches: null rates by hour, observed over expected by week, and the usual tests beside.

Change: `MARGIN`, `LEVELS`; the bounds are learned from past weeks by `null_bounds` and `choose`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import plan
from columns import NUMBERS
from decision import by_day
from scipy import stats

MARGIN = 0.1
LEVELS = (1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3)
INPUTS = [column.name for column in NUMBERS]
Array = npt.NDArray[np.float64]


def null_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of missing values of each input in each stretch of each day with flights enough."""
    hour = rows["hour"] // plan.HOURS * plan.HOURS
    groups = rows[INPUTS].isna().groupby([rows["day"], hour])
    return groups.mean()[groups.size() >= plan.HOUR_LEAST]


def null_bounds(rates: pd.DataFrame) -> pd.DataFrame:
    """The highest rate of each input seen in each hour of the day, and a margin."""
    return rates.groupby(level="hour").max() + MARGIN


def null_alarms(rates: pd.DataFrame, bounds: pd.DataFrame) -> pd.Series:
    """Whether each hour has an input over its bound; an hour never seen before is not judged."""
    limit = bounds.reindex(rates.index.get_level_values("hour")).to_numpy()
    return pd.Series((rates.to_numpy() > limit).any(axis=1), rates.index)


def low_ratio(late: npt.ArrayLike, p: Array, day: npt.ArrayLike) -> tuple[float, float]:
    """Observed over expected late flights, and its lower 5 % bound when days are redrawn.

    One-sided: fewer late flights than expected cost nothing that an alarm would save.
    """
    seen, _ = by_day(late, day)
    expected, _ = by_day(p, day)
    pick = np.random.default_rng(0).integers(0, len(seen), (1000, len(seen)))
    ratios = seen[pick].sum(1) / expected[pick].sum(1)
    return float(seen.sum() / expected.sum()), float(np.quantile(ratios, 0.05))


def choose(low: Sequence[float], shifted: Sequence[bool]) -> float:
    """The lowest level that fires in at most one quiet week of the past."""
    for level in LEVELS:
        if sum(b > level and not s for b, s in zip(low, shifted, strict=True)) <= 1:
            return level
    return LEVELS[-1]


def psi(past: pd.Series, now: pd.Series) -> float:
    """Population stability index over tenths of the past; for comparison."""
    edges = np.unique(np.nanquantile(past, np.linspace(0, 1, 11)[1:-1]))
    a, b = (
        np.bincount(np.where(np.isnan(x), len(edges) + 1, np.digitize(x, edges)),
                    minlength=len(edges) + 2) / len(x)
        for x in (np.asarray(past, float), np.asarray(now, float))
    )  # fmt: skip
    a, b = np.maximum(a, 1e-4), np.maximum(b, 1e-4)
    return float(((b - a) * np.log(b / a)).sum())


def usual(past: pd.DataFrame, now: pd.DataFrame) -> dict[str, bool]:
    """Whether the alarms most tools offer would fire on any input, corrected for their number."""
    ks = [
        stats.ks_2samp(past[name].dropna(), now[name].dropna()).pvalue
        for name in INPUTS
        if now[name].notna().any()
    ]
    return {
        "PSI over 0.25": any(psi(past[name], now[name]) > 0.25 for name in INPUTS),
        "Kolmogorov-Smirnov": min(ks) < 0.05 / len(ks),
    }
