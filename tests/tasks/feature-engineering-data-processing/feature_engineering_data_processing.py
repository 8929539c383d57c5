"""Grade an answer: ``python feature_engineering_data_processing.py ID answer.py``.

It says nothing if the answer is right. Each check holds the case in which the quick answer is
silently wrong. Needs the stack of the module.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("pandas")
import numpy as np
import pandas as pd

START = pd.Timestamp("2026-01-01", tz="UTC")


def days(numbers: object) -> pd.Series:
    return (START + pd.to_timedelta(pd.Series(numbers), unit="D")).dt.as_unit("us")


def as_of(answer: ModuleType) -> None:
    rows = [
        ("a", 1, 1, 1.0),
        ("a", 3, 8, 2.0),
        ("a", 5, 5, 3.0),
        ("a", 5, 9, 99.0),
        ("b", 2, 2, 7.0),
    ]
    user, event, known, value = zip(*rows, strict=True)
    facts = pd.DataFrame({"user": user, "event": days(event), "known": days(known), "value": value})
    users, at = ["b", "a", "a", "c", "a", "a"], [9.5, 4.5, 6.5, 5.5, 8.5, 9.5]
    asked = pd.DataFrame({"user": users, "at": days(at)}).set_axis([5, 4, 3, 3, 1, 0])
    got = np.asarray(answer.join(asked, facts), float)
    assert np.allclose(got, [7, 1, 3, np.nan, 3, 99], equal_nan=True), got


def zones(answer: ModuleType) -> None:
    time = pd.Series(pd.date_range("2013-01-01", "2014-01-01", freq="h", tz="UTC"))
    weather = pd.DataFrame({"time": time, "temp": np.arange(len(time))})
    departs = pd.to_datetime(["2013-07-01 12:30", "2013-01-15 12:30", "2013-11-03 01:30"])
    got = np.asarray(answer.join(pd.DataFrame({"departs": departs}), weather), float)
    latest = pd.to_datetime(["2013-07-01 16:00", "2013-01-15 17:00", "2013-11-03 05:00"], utc=True)
    wanted = ((latest - time[0]) / pd.Timedelta(hours=1)).to_numpy()
    assert got.tolist() == wanted.tolist(), "not the last reading, or one that may come later"


def last_three(answer: ModuleType) -> None:
    orders = pd.DataFrame(
        {
            "customer": ["a", "b", "a", "a", "b", "a", "a"],
            "time": days([5, 1, 1, 3, 2, 2, 4]),
            "amount": [50.0, 7.0, 10.0, 30.0, 9.0, 20.0, 40.0],
        }
    )
    got = np.asarray(answer.feature(orders), float)
    assert np.allclose(got, [30, np.nan, np.nan, 15, 7, 10, 20], equal_nan=True), got


def zip_codes(answer: ModuleType) -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"postcode": rng.integers(0, 3000, 8000), "income": rng.normal(0, 1, 8000)}
    )
    frame["postcode"] = frame["postcode"].astype(str)
    y = (rng.random(8000) < 1 / (1 + np.exp(-frame["income"]))).to_numpy().astype(int)
    model = answer.model().fit(frame[:5000], y[:5000])
    new = frame[5000:].copy()
    new.iloc[::3, 0] = "unknown"
    best = roc_auc_score(y[5000:], new["income"])
    area = roc_auc_score(y[5000:], model.predict_proba(new)[:, 1])
    assert area > best - 0.03, f"postcodes that mean nothing cost AUC: {area:.3f} of {best:.3f}"


def new_category(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"city": rng.choice(["a", "b", "c"], 900), "size": rng.normal(0, 1, 900)})
    y = (frame["city"] == "b").to_numpy().astype(int)
    model = answer.train(frame.copy(), y)
    batch = pd.DataFrame({"city": ["b", "aa", "c"], "size": [0.0, 0.0, 0.0]})
    p = np.asarray(answer.predict(model, batch.copy()), float)
    assert p[0] > 0.8 > 0.2 > p[2], "an unknown city changes the others"
    alone = [float(np.ravel(answer.predict(model, batch[i : i + 1].copy()))[0]) for i in range(3)]
    assert np.allclose(alone, p, atol=1e-6), "one row alone is answered differently"


def too_good(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(3000) < 0.2).astype(int)
    frame = pd.DataFrame(
        {
            "income": rng.normal(0.5 * y, 1),
            "device": rng.choice(["web", "ios", "kiosk"], 3000),
            "closed_reason": pd.Series(np.where(y == 1, rng.choice(["p", "q"], 3000), None)),
            "refunds": np.where(y == 1, rng.gamma(2, 10, 3000), rng.gamma(2, 1, 3000) * 0.5),
            "review_score": np.where(y == 1, np.nan, rng.normal(0, 1, 3000)),
            "user": [f"u{n}" for n in rng.permutation(3000)],
        }
    )
    assert set(answer.suspects(frame, y)) == {"closed_reason", "refunds", "review_score"}


def skew(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    trained = pd.DataFrame(
        {
            "id": range(500),
            "seen": rng.integers(1_700_000_000, 1_760_000_000, 500),
            "age": np.where(rng.random(500) < 0.3, np.nan, 40.0),
            "amount": rng.gamma(2, 50, 500),
            "tiny": rng.gamma(2, 1e-9, 500),
            "score": np.where(rng.random(500) < 0.3, np.nan, rng.normal(0, 1, 500)),
        }
    )
    served = trained.sample(frac=1, random_state=0)
    served["seen"] += 3600
    served["tiny"] *= 2
    served["age"] = served["age"].fillna(-1)
    for name in ("amount", "score"):
        served[name] = served[name].astype("float32")
    assert set(answer.differing(trained, served)) == {"seen", "age", "tiny"}


def polars_order(answer: ModuleType) -> None:
    import polars as pl

    rng = np.random.default_rng(0)
    user = rng.integers(0, 50_000, 100_000)
    events = pl.LazyFrame({"row": np.arange(100_000), "user": user})
    users = pl.LazyFrame({"user": rng.permutation(50_000)}).with_columns(v=pl.col("user") * 2)
    assert (np.asarray(answer.features(events, users)).ravel() == user * 2).all()


def stream_count(answer: ModuleType) -> None:
    counter = answer.Counter()
    for card, time, name, arrival in [
        ("x", 1000, "p1", 1000),
        ("x", 1000, "p2", 1001),  # equal times are two payments
        ("x", 1000, "p1", 1002),  # delivered again
        ("y", 1000, "p3", 1002),
        ("x", 2_000_000_000, "p4", 1003),  # a clock that is wrong
        ("x", 900, "p5", 1004),  # late
    ]:
        counter.add(card, time, name, arrival)
    got = [counter.count("x", 1005), counter.count("y", 1005), counter.count("z", 1005)]
    assert got == [3, 1, 0], got
    assert counter.count("x", 4550) == 2
    assert counter.count("x", 4700) == 0
    counter.add("x", 4690, "p6", 4701)
    assert counter.count("x", 4702) == 1


def epoch(answer: ModuleType) -> None:
    for unit in ("s", "ms", "us", "ns"):
        times = pd.Series(pd.to_datetime(["2024-01-01 00:00:01", "1969-12-31 23:59:59"]))
        got = np.asarray(answer.seconds(times.dt.as_unit(unit))).tolist()
        assert got == [1704067201, -1], (unit, got)
    oslo = pd.Series(pd.to_datetime(["2024-01-01"])).dt.tz_localize("Europe/Oslo")
    assert np.asarray(answer.seconds(oslo)).tolist() == [1704063600]


CHECKS = {
    "as-of": as_of,
    "zones": zones,
    "last-three": last_three,
    "zip-codes": zip_codes,
    "new-category": new_category,
    "too-good": too_good,
    "skew": skew,
    "polars-order": polars_order,
    "stream-count": stream_count,
    "epoch": epoch,
}


def load(path: str) -> ModuleType:
    """The answer as a module; its folder is on the path, so that it may bring pieces."""
    sys.path.insert(0, str(Path(path).parent))
    spec = spec_from_file_location("answer", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    CHECKS[sys.argv[1]](load(sys.argv[2]))
