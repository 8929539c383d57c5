"""Features see nothing later than the decision, and a missing name tells nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "playbook"))

pytest.importorskip("numpy")
pytest.importorskip("pandas")
import columns
import events
import feed
import numpy as np
import pandas as pd
from features import AHEAD, WEATHER_AGE, State


@pytest.fixture(scope="module")
def world():
    log, sky = events.build(feed.flights(1)), feed.weather(1)
    return log, sky, State(log, sky).rows(log)


def test_blanking_all_that_comes_after_the_decision_changes_no_feature(world):
    log, sky, rows = world
    for i in np.random.default_rng(1).choice(np.arange(2000, len(log)), 25, replace=False):
        one = log.iloc[[i]]
        now = int(one["sched_dep"].iloc[0]) - AHEAD
        past = State(events.as_known(log, now), sky[sky["observed"] + WEATHER_AGE <= now])
        pd.testing.assert_frame_equal(
            past.rows(one).reset_index(drop=True), rows.iloc[[i]].reset_index(drop=True)
        )


def test_the_proof_would_see_a_feature_that_looks_ahead(world, monkeypatch):
    log, sky, _ = world
    monkeypatch.setattr("features.AHEAD", -60)
    late = State(log, sky).rows(log)
    monkeypatch.undo()
    now = log["sched_dep"].iloc[20_000] - AHEAD
    seen = State(events.as_known(log, now), sky).rows(log.iloc[[20_000]])
    assert not seen.reset_index(drop=True).equals(late.iloc[[20_000]].reset_index(drop=True))


def test_a_flight_alone_has_the_features_that_it_has_among_others(world):
    log, sky, rows = world
    state = State(log, sky)
    for i in (0, 5_000, 20_000):
        pd.testing.assert_frame_equal(state.rows(log.iloc[[i]]), rows.iloc[[i]])


def test_an_aircraft_without_a_name_is_one_not_seen_before(world):
    log, sky, _ = world
    some = log.tail(50)
    state = State(log, sky)
    nameless = state.rows(some.assign(tailnum=None))
    pd.testing.assert_frame_equal(nameless, state.rows(some.assign(tailnum="N0NEW")))
    assert nameless["leg_gap_min"].isna().all()


def test_no_feature_but_the_stated_ones_and_all_within_their_bounds(world):
    _, _, rows = world
    assert list(rows.columns) == list(columns.NAMES)
    for column in columns.NUMBERS:
        values = rows[column.name]
        assert values.dropna().between(column.low, column.high).all(), column.name
        assert column.nullable or values.notna().all(), column.name


def test_clocks_of_all_zones_are_right_also_in_the_night_summer_time_ends():
    ground = events.taxi(feed.flights(11))
    assert ground.min() >= 0
    assert ground.max() <= 360


def test_labels_are_known_when_the_flight_has_landed_and_not_before(world):
    log, _, _ = world
    landed = log["land"].notna()
    assert (log["known_at"][landed] == log["land"][landed]).all()
    assert (log["known_at"][~landed] == log["sched_arr"][~landed] + events.GIVE_UP).all()
    assert log["late"][~landed].all()


def test_nothing_of_a_row_is_known_before_it_was_received():
    flights = feed.flights(1)
    some = flights["carrier"] == "UA"
    late = events.build(flights.assign(received=50_000 * some))
    plain = events.build(flights)
    told = late["carrier"] == "UA"
    assert (late["known_at"][told] >= 50_000).all()
    assert (late["known_at"][~told] == plain["known_at"][~told]).all()
    before = late["sched_dep"] < 50_000 - AHEAD
    rows = State(late, feed.weather(1)).rows(late)
    assert rows.loc[told & before, "carrier_delay_3h_min"].isna().all()
    assert State(plain, feed.weather(1)).rows(plain).loc[told, "carrier_delay_3h_min"].notna().any()


def test_the_proof_by_blanking_holds_with_late_rows_too():
    flights = feed.flights(1).head(9000)
    received = flights["sched_dep"] + np.random.default_rng(0).choice([0, 90, 3000], len(flights))
    log, sky = events.build(flights.assign(received=received)), feed.weather(1)
    rows = State(log, sky).rows(log)
    for i in range(3000, 9000, 600):
        one = log.iloc[[i]]
        past = events.as_known(log, int(one["sched_dep"].iloc[0]) - AHEAD)
        pd.testing.assert_frame_equal(State(past, sky).rows(one), rows.iloc[[i]])
