"""The faults `window_features` exists for, put in on purpose."""

from __future__ import annotations

import math
import pickle
import random

import pytest
from window_features import Event, Features, Windows, replay

NOTHING = "Features(number=0, total=0.0, mean=nan, seconds_since=nan)"


def log(seed, late=0.0, events=200):
    """(arrival, key, event) in no order, some events at equal times, some delivered twice."""
    rng = random.Random(seed)
    rows = []
    for number in range(events):
        time = float(rng.randrange(500))
        event = Event(time, f"e{number}", rng.randrange(100) / 7)
        rows.append((time + rng.uniform(0, late), rng.choice("ab"), event))
    rows += rng.sample(rows, 20)
    rng.shuffle(rows)
    return rows


def brute(rows, now, key, length):
    seen = {
        e for arrival, k, e in rows if k == key and arrival < now and now - length <= e.time < now
    }
    if not seen:
        return None
    return len(seen), math.fsum(e.value for e in seen), now - max(e.time for e in seen)


@pytest.mark.parametrize("late", [0.0, 30.0])
def test_replay_is_what_was_known_then(late):
    for seed in range(5):
        rows = log(seed, late)
        asked = [(float(random.Random(i).randrange(600)), "ab"[i % 2]) for i in range(100)]
        answers = replay(Windows(60), rows, asked)
        wanted = [brute(rows, now, key, 60) for now, key in asked]
        assert [
            (a.number, a.total, a.seconds_since) if a.number else None for a in answers
        ] == wanted
        assert any(wanted)


def test_the_event_of_the_request_itself_does_not_count():
    windows = Windows(60)
    windows.add("a", Event(100, "x", 5.0), 100)
    assert repr(windows.read("a", 100)) == NOTHING
    assert windows.read("a", 160) == Features(1, 5.0, 5.0, 60)
    assert repr(windows.read("a", 160.5)) == NOTHING
    assert repr(windows.read("unknown", 160)) == NOTHING


def test_a_second_delivery_counts_once_and_equal_values_twice():
    windows = Windows(60)
    assert windows.add("a", Event(1, "x", 5.0), 1)
    assert not windows.add("a", Event(1, "x", 5.0), 1)
    assert windows.add("a", Event(1, "y", 5.0), 1)
    assert windows.read("a", 2).number == 2


def test_a_late_event_counts_from_its_arrival_while_the_window_holds_it():
    windows = Windows(60)
    windows.add("a", Event(100, "x", 1.0), 100)
    assert windows.add("a", Event(95, "late", 1.0), 150)
    assert not windows.add("a", Event(85, "too late", 1.0), 150)
    assert windows.read("a", 151).number == 2


def test_a_wrong_clock_neither_counts_nor_pushes_out_the_others():
    windows = Windows(60)
    windows.add("a", Event(100, "x", 1.0), 100)
    assert not windows.add("a", Event(1e9, "from 2001", 1.0), 101)
    assert windows.add("a", Event(130, "a little ahead", 1.0), 102)
    assert windows.refused == 1
    assert [windows.read("a", now).number for now in (103, 131)] == [1, 2]


def test_sums_do_not_drift():
    windows, running = Windows(10), 0.0
    for time in range(2000):
        value = 1e16 if time % 7 == 0 else 0.1
        windows.add("a", Event(time, str(time), value), time)
        running += value
        if time >= 10:
            running -= 1e16 if (time - 10) % 7 == 0 else 0.1
    for time in range(2000, 2020):
        windows.add("a", Event(time, str(time), 0.1), time)
        running += 0.1
        running -= 1e16 if (time - 10) % 7 == 0 and time - 10 < 2000 else 0.1
    assert windows.read("a", 2020).total == pytest.approx(1.0)
    assert running != pytest.approx(1.0), "the running sum was meant to drift"


def test_a_restart_changes_nothing():
    rows = sorted(log(1), key=lambda row: row[0])
    whole, half = Windows(60), Windows(60)
    for arrival, key, event in rows:
        whole.add(key, event, arrival)
    for arrival, key, event in rows[:100]:
        half.add(key, event, arrival)
    half = pickle.loads(pickle.dumps(half))
    for arrival, key, event in rows[90:]:  # a broker repeats what it has no receipt for
        half.add(key, event, arrival)
    assert half == whole


def test_memory_is_bounded():
    windows = Windows(60)
    for time in range(10_000):
        windows.add("busy", Event(time, str(time), 1.0), time)
    windows.add("quiet", Event(0, "x", 1.0), 0)
    assert len(windows.events["busy"]) <= 61
    windows.sweep(10_000)
    assert list(windows.events) == ["busy"]


def test_agrees_with_pandas_where_nothing_is_late():
    pd = pytest.importorskip("pandas")
    rng = random.Random(0)
    times = sorted(rng.sample(range(1000), 200))
    values = [rng.randrange(10) for _ in times]
    frame = pd.Series(values, index=pd.to_datetime(times, unit="s"))
    wanted = frame.rolling("60s", closed="left").sum().fillna(0).tolist()
    rows = [(t, "a", Event(t, str(t), v)) for t, v in zip(times, values, strict=True)]
    answers = replay(Windows(60), rows, [(t, "a") for t in times])
    assert [answer.total for answer in answers] == wanted
