"""Would this forecast have been good, at the horizon and with the data of the day?

Call `seen = backtest(series, forecast, horizon=24, season=24)`.

Copy the file; it needs pandas and numpy. ``backtest(series, forecast, horizon=24, season=24)`` cuts
the history at several origins, hands the forecaster only what was known then, wants the dates asked
for, and scores it beside the seasonal naive forecast. Change `lead` to the periods between the last
datum you will have and the first one you must forecast (late data, time to act), `season` to the
period (7, 12, 24), and `known` to the columns that are really known ahead (calendar, planned price;
not the weather that was measured).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Forecaster = Callable[[pd.DataFrame, pd.DataFrame], "pd.DataFrame | npt.ArrayLike"]


@dataclass(frozen=True, slots=True)
class Backtest:
    """Errors of the forecast and of the seasonal naive one, on the same rows."""

    rows: pd.DataFrame
    """id, cutoff, step, ds, y, forecast, naive."""
    relative: float
    """Mean absolute error over that of the naive forecast: below 1 it is worth something."""
    bias: float
    """Sum of the errors over the sum of the actual values; MAE alone rewards too low ones."""
    won: int
    """Origins at which the forecast beat the naive one."""
    origins: int

    def by_step(self) -> pd.Series:
        """The relative error at each step ahead; a jump at one step is a leak or a bug."""
        rows = self.rows
        error = (rows["forecast"] - rows["y"]).abs().groupby(rows["step"]).mean()
        return error / (rows["naive"] - rows["y"]).abs().groupby(rows["step"]).mean()


def check_regular(frame: pd.DataFrame, freq: str | pd.Timedelta) -> None:
    """Raise ValueError unless every series has each period of `freq` once and no missing value."""
    for name, series in frame.groupby("id"):
        whole = pd.date_range(series["ds"].min(), series["ds"].max(), freq=freq)
        have = pd.DatetimeIndex(series["ds"].sort_values())
        if not have.is_unique:
            raise ValueError(f"{name}: a period occurs twice")
        if not have.isin(whole).all():
            raise ValueError(f"{name}: {have[~have.isin(whole)][0]} is not on the grid {freq!r}")
        if len(have) < len(whole):
            lost = whole.difference(have)
            raise ValueError(f"{name}: {len(lost)} periods are missing, the first is {lost[0]}")
    if frame["y"].isna().any():
        raise ValueError("y is missing somewhere: decide what it was")


def backtest(
    frame: pd.DataFrame | pd.Series,
    forecast: Forecaster,
    horizon: int,
    season: int,
    freq: str | pd.Timedelta | None = None,
    windows: int = 5,
    step: int | None = None,
    lead: int = 0,
    known: Sequence[str] = (),
) -> Backtest:
    """Score `forecast(history, future)` at `windows` origins, `step` (the horizon) apart.

    `frame` has the columns id, ds, y, or is one series with its times as index; `freq` is their
    distance unless you give it. `future` has id, ds and the `known` columns. The answer is an
    array in the order of `future`, or a frame with id, ds and one column of values.
    Raises ValueError for irregular series, too short ones, and for answers to other dates.
    """
    if isinstance(frame, pd.Series):
        frame = pd.DataFrame({"id": "series", "ds": frame.index, "y": frame.to_numpy()})
    if freq is None:
        gaps = np.unique(np.diff(np.sort(frame["ds"].unique())))
        if len(gaps) != 1:
            raise ValueError("the times are not evenly spaced: fill gaps, or pass freq ('MS')")
        freq = pd.Timedelta(gaps[0])
    check_regular(frame, freq)
    times = np.sort(frame["ds"].unique())
    parts, apart = [], step or horizon
    for window in range(windows):
        end = len(times) - window * apart
        last = end - horizon - lead - 1  # the last period that is known
        if last + 1 < season:
            raise ValueError(f"{windows} origins need more history than {len(times)} periods")
        history = frame[frame["ds"] <= times[last]].sort_values(["id", "ds"])
        ahead = frame[(frame["ds"] > times[last]) & (frame["ds"] <= times[end - 1])]
        ahead = ahead[ahead["id"].isin(history["id"])].sort_values(["id", "ds"])
        ahead = ahead.reset_index(drop=True)
        values = _values(forecast(history.copy(), ahead[["id", "ds", *known]].copy()), ahead)
        place = np.searchsorted(times, ahead["ds"].to_numpy()) - last
        naive = _naive(history, ahead["id"], place, season)
        part = ahead[["id", "ds", "y"]].assign(
            cutoff=times[last], step=place - lead, forecast=values, naive=naive
        )
        parts.append(part[part["step"] >= 1])
    rows = pd.concat(parts[::-1], ignore_index=True)
    if not np.isfinite(rows["forecast"]).all():
        raise ValueError("a forecast is missing or infinite")
    missed, naively = ((rows[by] - rows["y"]).abs() for by in ("forecast", "naive"))
    error, base = (gap.groupby(rows["cutoff"]).mean() for gap in (missed, naively))
    off = (rows["forecast"] - rows["y"]).sum() / rows["y"].abs().sum()
    own, other = float(missed.sum()), float(naively.sum())
    relative = own / other if other else math.inf if own else 1.0
    return Backtest(rows, relative, float(off), int((error < base).sum()), windows)


def _values(answer: pd.DataFrame | npt.ArrayLike, ahead: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The forecasts in the order of `ahead`; frames are matched by id and date."""
    if not isinstance(answer, pd.DataFrame):
        values = np.asarray(answer, float)
        if values.shape != (len(ahead),):
            raise ValueError(f"{values.shape} forecasts for {len(ahead)} rows")
        return values
    (column,) = [name for name in answer.columns if name not in ("id", "ds")]
    both = ahead[["id", "ds"]].merge(answer, on=["id", "ds"], how="left")
    if both[column].isna().any():
        got, wanted = answer["ds"].min(), ahead["ds"].min()
        raise ValueError(f"no forecast for some dates: the first is {got}, asked was {wanted}")
    return np.asarray(both[column], float)


def _naive(
    history: pd.DataFrame, names: pd.Series, place: npt.NDArray[np.int64], season: int
) -> npt.NDArray[np.float64]:
    """The value one season (or as many as needed) before, as known at the cutoff."""
    tails = {name: series.to_numpy(float)[-season:] for name, series in history.groupby("id")["y"]}
    return np.array(
        [
            tails[name][(ahead - 1) % season] if len(tails[name]) == season else tails[name][-1]
            for name, ahead in zip(names, place, strict=True)
        ]
    )
