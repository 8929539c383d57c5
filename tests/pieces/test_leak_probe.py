"""The faults `leak_probe` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("pandas")
import numpy as np
import pandas as pd
from leak_probe import leaks, restated


def world(seed=0, rows=2000):
    rng = np.random.default_rng(seed)
    y = rng.random(rows) < 0.2
    frame = pd.DataFrame(
        {
            "amount": rng.gamma(2, 50, rows) * (1 + 0.5 * y),
            "city": rng.choice(list("abcdef"), rows),
            "seen": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.random(rows), unit="D"),
            "income": np.where(rng.random(rows) < 0.3, np.nan, rng.normal(0, 1, rows)),
            "user": [f"u{i}" for i in range(rows)],
            "day": np.sort(rng.integers(0, 100, rows)),
        }
    )
    return frame, y


def halves(frame, y):
    return frame[:1000], y[:1000], frame[1000:], y[1000:]


def probe(frame, y, half=1000, **options):
    given = {"entity": "user", "time": "day"} | options
    gap = frame["day"].iloc[half]
    test = frame.iloc[half:]
    later = (test["day"] > gap).to_numpy()
    return leaks(frame[:half], y[:half], test[later], y[half:][later], **given)


def test_an_innocent_split_is_quiet():
    for seed in range(10):
        frame, y = world(seed)
        frame["day"] = np.repeat([0, 5], 1000) + frame["day"] / 1000
        assert leaks(*halves(frame, y), entity="user", time="day") == []


PLANTED = {
    "a column from after the outcome": (
        lambda f, y: f.assign(refund=np.where(y, f["amount"], 0)),
        "refund alone",
    ),
    "its opposite": (lambda f, y: f.assign(kept=-1.0 * y), "kept alone"),
    "text that says it": (lambda f, y: f.assign(status=np.where(y, "x1", "x2")), "status alone"),
    "a time that exists afterwards": (
        lambda f, y: f.assign(closed=f["seen"].where(y)),
        r"closed \(whether it is missing\)",
    ),
    "a missing number": (
        lambda f, y: f.assign(boat=np.where(y, np.nan, 1.0)),
        r"boat \(whether it is missing\)",
    ),
}


@pytest.mark.parametrize(("plant", "message"), PLANTED.values(), ids=PLANTED)
def test_a_planted_column_is_named(plant, message):
    frame, y = world()
    assert any(pd.Series(probe(plant(frame, y), y)).str.match(message))


def test_the_mean_of_the_label_is_found_and_the_text_it_came_from_is_not():
    frame, y = world()
    frame["plate"] = [f"p{i // 2}" for i in np.random.default_rng(0).permutation(len(y))]
    frame["plate_mean"] = pd.Series(y).groupby(frame["plate"]).transform("mean")
    found = probe(frame, y)
    assert [line.split()[0] for line in found if "alone" in line] == ["plate_mean"]


def test_rows_sorted_by_label():
    frame, y = world()
    order = np.argsort(y[:1000], kind="stable")
    found = leaks(frame[:1000], y[:1000][order], frame[1000:], y[1000:], ignore=["day", "user"])
    assert found == ["the order of the rows alone ranks the label: AUC 1.000"]


def test_copies_with_a_little_noise_are_found():
    frame, y = world()
    copies = frame[:50].assign(amount=lambda f: f["amount"].round(4), user="new", day=200)
    test, labels = pd.concat([frame[1500:], copies]), np.append(y[1500:], y[:50])
    found = leaks(frame[:1000], y[:1000], test, labels, ignore=["user", "day"])
    assert found == ["9.1% of the test rows are training rows too, with the same label"]


def test_rows_that_are_double_by_nature_are_no_copies():
    frame, y = world()
    assert leaks(*halves(frame[["city"]], y)) == []


def test_entities_and_times_on_both_sides():
    frame, y = world()
    frame["user"] = frame["user"].str[:3]
    found = leaks(frame[::2], y[::2], frame[1::2], y[1::2], entity="user", time="day")
    assert any("belong to a user that trains" in line for line in found)
    assert any("after the test began" in line for line in found)


def test_a_number_as_label_is_cut_at_the_median():
    frame, _ = world()
    found = probe(frame.assign(total=frame["amount"] * 1.2), frame["amount"].to_numpy())
    assert [line.split()[0] for line in found] == ["amount", "total"]
    with pytest.raises(ValueError, match="one value"):
        probe(frame, np.zeros(len(frame)))


def test_what_is_filled_in_later_is_restated():
    frame, y = world(rows=100)
    then = frame.assign(status=None, fee=1.0)
    now = frame.sample(frac=1, random_state=0).assign(fee=1.0, extra=1)
    now["status"] = np.where(now["user"].isin(frame["user"][y]), "chargeback", None)
    changed = restated(then, now, "user")
    assert changed == {"status": pytest.approx(y.mean())}
    with pytest.raises(ValueError, match="not in now"):
        restated(then, now[1:], "user")
    with pytest.raises(ValueError, match="comes twice"):
        restated(pd.concat([then, then]), now, "user")


def test_a_table_without_a_split_is_enough():
    frame, y = world()
    assert leaks(frame, y, entity="user", time="day") == []
    (found,) = leaks(frame.assign(refund=np.where(y, 9.0, 0)), y, ignore=["user", "day"])
    assert found.startswith("refund alone")
