"""The faults `drift_monitor` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")
import numpy as np
from drift_monitor import drift, replay

LAGS = (7, 14, 21, 28)


def seasons(days=400, columns=30, rows=300, seed=0):
    """A quiet year: summer, weekdays, days that are alike within, columns that move together."""
    rng = np.random.default_rng(seed)
    windows = []
    common = 0.0
    for day in range(days):
        common = 0.8 * common + rng.normal(0, 0.2)
        level = 2 * np.sin(2 * np.pi * day / 365) + 1.5 * (day % 7 >= 5) + common
        noise = rng.normal(size=(columns, rows))
        window = {f"x{i}": (i % 3) * level + noise[i] for i in range(columns)}
        window["place"] = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
        windows.append(window)
    return windows


QUIET = seasons()


def test_a_quiet_year_with_thirty_columns_stays_quiet():
    alarms = [
        len(replay(seasons(days=300, columns=12, seed=seed), LAGS, level=0.02)) for seed in range(3)
    ]
    assert sum(alarms) <= 0.04 * 3 * 223, alarms


def test_a_test_against_training_days_cries_every_day():
    stats = pytest.importorskip("scipy.stats")
    trained = {name: np.concatenate([day[name] for day in QUIET[:60]]) for name in ("x0", "x1")}
    cried = [
        any(stats.ks_2samp(day[name], trained[name]).pvalue < 0.05 / 30 for name in trained)
        for day in QUIET[60:]
    ]
    assert np.mean(cried) > 0.8


FAULTS = {
    "x3": lambda rng, x: x + 1,
    "x4": lambda rng, x: np.where(rng.random(len(x)) < 0.2, np.nan, x),
    "x6": lambda rng, x: np.zeros(len(x)),
    "place": lambda rng, x: np.where(x == "b", "B", x),
}


@pytest.mark.parametrize("column", FAULTS)
def test_a_fault_in_one_column_of_thirty_is_heard_the_same_day(column):
    rng = np.random.default_rng(1)
    broken = dict(QUIET[-1])
    broken[column] = FAULTS[column](rng, np.asarray(broken[column]))
    seen = drift([*QUIET[:-1], broken], LAGS, level=0.02)
    assert seen.alarm
    assert seen.moved[0].column.split()[0] == column


@pytest.mark.parametrize("rows", [0, 100])
def test_lost_rows_are_heard(rows):
    short = {name: values[:rows] for name, values in QUIET[-1].items()}
    seen = drift([*QUIET[:-1], short], LAGS, level=0.02)
    assert seen.alarm
    assert "(rows)" in [one.column for one in seen.moved]


def test_a_known_incident_does_not_hide_the_next_one():
    windows = [dict(window) for window in QUIET[:120]]
    for day in (50, 55, 60, 119):
        windows[day]["x3"] = np.zeros(300)
    assert not drift(windows, LAGS, level=0.02).alarm
    assert drift(windows, LAGS, level=0.02, skip=(50, 55, 60)).alarm


def test_a_speck_in_a_column_that_never_moves_is_not_heard():
    windows = [{"flag": np.zeros(1000)} for _ in range(60)]
    windows[-1] = {"flag": np.r_[np.zeros(950), np.ones(50)]}
    seen = drift(windows)
    assert seen.p_value < 0.05
    assert not seen.alarm


def test_nullable_numbers_are_numbers_and_not_categories():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    windows = []
    for _ in range(60):
        values = pd.array(rng.integers(0, 10_000, 200), dtype="Int64")
        values[:10] = pd.NA
        windows.append({"cents": np.asarray(values)})
    assert not drift(windows).alarm


def test_what_cannot_be_judged_raises():
    with pytest.raises(ValueError, match="needs 20"):
        drift(QUIET[:20])
    with pytest.raises(ValueError, match=r"columns missing or new: \['x0'\]"):
        drift([*QUIET[:-1], {name: QUIET[-1][name] for name in QUIET[-1] if name != "x0"}])
    ids = [{"id": np.arange(day * 100, day * 100 + 100)} for day in range(40)]
    with pytest.raises(ValueError, match=r"nothing can be seen in \['id'\]"):
        drift(ids)


def test_frames_are_windows():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    days = [{"x": rng.normal(size=50), "c": rng.choice(["a", "b"], 50)} for _ in range(40)]
    frames = [pd.DataFrame(day) for day in days]
    assert drift(frames) == drift(days)
