"""The faults `backtest` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("pandas")
import numpy as np
import pandas as pd
from backtest import backtest


def hourly(rows=24 * 60, seed=0, name="a"):
    rng = np.random.default_rng(seed)
    walk = np.zeros(rows)
    for hour in range(1, rows):
        walk[hour] = 0.97 * walk[hour - 1] + rng.normal()
    y = 50 + walk + 8 * np.sin(np.arange(rows) * 2 * np.pi / 24)
    return pd.DataFrame(
        {"id": name, "ds": pd.date_range("2026-01-01", periods=rows, freq="h"), "y": y}
    )


def naive(history, future):
    last = history["y"].to_numpy()[-24:]
    return last[np.arange(len(future)) % 24]


def test_the_baseline_is_worth_one():
    seen = backtest(hourly(), naive, horizon=24, season=24, freq="h")
    assert seen.relative == pytest.approx(1)
    assert (seen.origins, seen.won) == (5, 0)
    assert len(seen.rows) == 5 * 24


def test_several_series_and_a_lead():
    frame = pd.concat([hourly(seed=1, name="b"), hourly(seed=2, name="a")])

    def each(history, future):
        return future.groupby("id").cumcount().map(float)

    seen = backtest(frame, each, horizon=6, season=24, freq="h", lead=3, windows=4, step=24)
    rows = seen.rows
    assert len(rows) == 4 * 6 * 2
    assert (
        rows["ds"] - rows["cutoff"] == pd.Timedelta("3h") + rows["step"] * pd.Timedelta("1h")
    ).all()
    assert rows["forecast"].min() == 3  # the three hours of lead are forecast, not scored
    day_before = frame.set_index(["id", "ds"])["y"]
    back = [
        day_before[one, when - pd.Timedelta("24h")]
        for one, when in zip(rows["id"], rows["ds"], strict=True)
    ]
    assert np.allclose(rows["naive"], back)


def test_the_forecaster_sees_no_future():
    frame = hourly().assign(measured=lambda f: f["y"] + 1, holiday=0)
    widths = []

    def peek(history, future):
        widths.append(tuple(future.columns))
        assert history["ds"].max() < future["ds"].min()
        return np.zeros(len(future))

    backtest(frame, peek, 24, 24, "h", known=["holiday"])
    assert set(widths) == {("id", "ds", "holiday")}


def test_a_low_forecast_shows_in_the_bias():
    rng = np.random.default_rng(0)
    y = rng.lognormal(3, 0.8, 400)
    frame = pd.DataFrame({"id": 1, "ds": pd.date_range("2026-01-01", periods=400), "y": y})
    low = backtest(frame, lambda history, future: np.full(len(future), 10.0), 14, 7, "D")
    fair = backtest(frame, lambda h, future: np.full(len(future), h["y"].mean()), 14, 7, "D")

    def mape(seen):
        return ((seen.rows["forecast"] - seen.rows["y"]).abs() / seen.rows["y"]).mean()

    assert mape(low) < mape(fair)
    assert low.bias < -0.5
    assert abs(fair.bias) < 0.15


def test_answers_to_other_dates_raise():
    frame = pd.DataFrame(
        {"id": 1, "ds": pd.date_range("2020-01-31", periods=60, freq="ME"), "y": 1.0}
    )

    def shifted(history, future):
        return future[["id", "ds"]].assign(ds=future["ds"] + pd.Timedelta("1D"), model=1.0)

    with pytest.raises(ValueError, match="no forecast for some dates"):
        backtest(frame, shifted, 6, 12, "ME")
    with pytest.raises(ValueError, match="forecasts for 6 rows"):
        backtest(frame, lambda history, future: [1.0], 6, 12, "ME")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop([5, 6]), "2 periods are missing, the first is 2026-01-01 05"),
        (lambda f: pd.concat([f, f.head(1)]), "twice"),
        (lambda f: f.assign(y=f["y"].where(f.index != 9)), "y is missing"),
        (lambda f: f.head(100), "more history"),
    ],
)
def test_irregular_series_raise(change, message):
    with pytest.raises(ValueError, match=message):
        backtest(change(hourly()), naive, 24, 24, "h")
    with pytest.raises(ValueError, match="not on the grid"):
        backtest(
            hourly().assign(ds=lambda f: f["ds"] + pd.to_timedelta((f.index == 5) * 7, "min")),
            naive,
            24,
            24,
            "h",
        )


def test_one_series_is_enough():
    y = pd.Series(np.arange(200.0) % 7, pd.date_range("2026-01-01", periods=200, freq="D"))
    seen = backtest(y, lambda history, future: history["y"].to_numpy()[-7:], horizon=7, season=14)
    assert (seen.relative, seen.bias, seen.origins) == (1.0, 0, 5)  # the naive one is perfect too
    with pytest.raises(ValueError, match="evenly"):
        backtest(y.drop(y.index[50]), lambda history, future: [0.0] * 7, horizon=7, season=7)
