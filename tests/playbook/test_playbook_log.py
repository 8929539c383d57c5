"""Batches that are late, repeated, corrected, malformed, in another unit, or cut by a crash."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "playbook"))

pytest.importorskip("pandera")
pytest.importorskip("duckdb")
import contract
import feed
import ingest as log
import pandas as pd
import store
from contract import ContractError


@pytest.fixture(scope="module")
def flights():
    return feed.flights(1).head(500)


@pytest.fixture(scope="module")
def sky():
    return feed.weather(2)


def test_a_batch_delivered_twice_is_one_batch(tmp_path, flights):
    first = log.ingest(tmp_path, "flights", flights, received=10)
    again = log.ingest(tmp_path, "flights", flights.sample(frac=1, random_state=0), received=10)
    assert (first.known, again.known, first.kept) == (False, True, 500)
    assert len(log.current(tmp_path, "flights")) == 500


def test_rows_repeated_inside_a_batch_count_once(tmp_path, flights):
    twice = flights.loc[list(flights.index) * 2]
    assert log.ingest(tmp_path, "flights", twice, received=10).kept == 500


def test_late_rows_join_and_corrected_rows_win_in_whatever_order_they_come(tmp_path, flights):
    right = flights.head(1).assign(arr_delay=77.0)
    log.ingest(tmp_path, "flights", right, received=30)
    log.ingest(tmp_path, "flights", flights.tail(200), received=20)
    log.ingest(tmp_path, "flights", flights.head(300), received=10)
    now = log.current(tmp_path, "flights").set_index("flight_id")
    assert len(now) == 500
    assert now.loc[right["flight_id"].iloc[0], "arr_delay"] == 77.0


def test_two_words_on_one_flight_in_one_batch_are_not_chosen_between(tmp_path, flights):
    both = pd.concat([flights.head(3), flights.head(1).assign(arr_delay=999.0)])
    receipt = log.ingest(tmp_path, "flights", both, received=10)
    assert receipt.kept == 2
    assert receipt.quarantined == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [("distance", -5.0), ("origin", "XYZ"), ("arr_delay", 1e9), ("flight_id", "x"), ("dest", None)],
)
def test_a_bad_row_is_put_aside_with_the_reason_and_the_others_stay(
    tmp_path, flights, column, value
):
    bad = flights.copy()
    bad.loc[7, column] = value
    receipt = log.ingest(tmp_path, "flights", bad, received=10)
    assert (receipt.kept, receipt.quarantined) == (499, 1)
    _, aside = contract.check("flights", bad)
    assert column in aside["why"].iloc[0]


def test_text_where_a_number_should_be(tmp_path, flights):
    bad = flights.astype({"distance": object})
    bad.loc[7, "distance"] = "far"
    assert log.ingest(tmp_path, "flights", bad, received=10).kept == 499


@pytest.mark.parametrize("change", [lambda f: f.drop(columns="dest"), lambda f: f.assign(x=1)])
def test_a_batch_of_another_shape_is_refused_whole(tmp_path, flights, change):
    with pytest.raises(ContractError, match="columns missing or unknown"):
        log.ingest(tmp_path, "flights", change(flights), received=10)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("names", [["temp_f", "dewp_f"], ["temp_f"], ["dewp_f"]])
def test_celsius_is_seen_on_every_day_although_every_value_is_possible(sky, names):
    celsius = sky.assign(**{name: (sky[name] - 32) / 1.8 for name in names})
    for _, day in sky.groupby(sky["observed"] // 1440):
        contract.check("weather", day)
        if len(day) > 5:
            with pytest.raises(ContractError, match="unit"):
                contract.check("weather", celsius.loc[day.index])


def test_the_wind_of_a_thousand_miles_an_hour_is_put_aside(tmp_path, sky):
    assert log.ingest(tmp_path, "weather", sky, received=10).quarantined == 1


def test_a_crash_while_writing_leaves_nothing_and_the_next_try_all(tmp_path, flights, monkeypatch):
    def crash(number):
        raise OSError("power")

    with monkeypatch.context() as broken:
        broken.setattr(store.os, "fsync", crash)
        with pytest.raises(OSError, match="power"):
            log.ingest(tmp_path, "flights", flights, received=10)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
    assert log.ingest(tmp_path, "flights", flights, received=10).kept == 500
    assert len(log.current(tmp_path, "flights")) == 500


def test_a_file_half_written_by_a_killed_process_is_not_read(tmp_path, flights):
    log.ingest(tmp_path, "flights", flights, received=10)
    (tmp_path / "flights" / ".x.parquet.1.part").write_bytes(b"PAR1")
    assert len(log.current(tmp_path, "flights")) == 500


def test_an_old_batch_sent_again_later_undoes_no_correction(tmp_path, flights):
    right = flights.head(1).assign(arr_delay=77.0)
    log.ingest(tmp_path, "flights", flights, received=10)
    log.ingest(tmp_path, "flights", right, received=20)
    assert log.ingest(tmp_path, "flights", flights, received=30).known
    log.ingest(tmp_path, "flights", flights.head(40), received=40)  # the same words, otherwise cut
    now = log.current(tmp_path, "flights").set_index("flight_id")
    assert now.loc[right["flight_id"].iloc[0], "arr_delay"] == 77.0
    assert (now["received"].drop(right["flight_id"]) == 10).all()


def test_the_log_can_be_read_as_it_stood(tmp_path, flights):
    log.ingest(tmp_path, "flights", flights, received=10)
    log.ingest(tmp_path, "flights", flights.head(1).assign(arr_delay=77.0), received=20)
    assert (log.current(tmp_path, "flights", until=19)["received"] == 10).all()
    assert (log.current(tmp_path, "flights", until=20)["received"] == 20).sum() == 1


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("weather", lambda f: f.assign(pressure_mb=f["pressure_mb"] / 33.86)),  # inches of mercury
        (
            "flights",
            lambda f: f.assign(arr_delay=f["arr_delay"] / 60, dep_delay=f["dep_delay"] / 60),
        ),
        ("flights", lambda f: f.assign(sched_dep=f["sched_dep"] + 60)),
        ("flights", lambda f: f.assign(sched_dep=f["sched_dep"] - 60)),
        ("flights", lambda f: f.assign(distance=f["distance"] * 1609)),  # metres
    ],
    ids=["inHg", "delays in hours", "an hour late", "an hour early", "metres"],
)
def test_a_batch_in_another_unit_is_refused_whole(tmp_path, flights, sky, kind, change):
    batch = {"flights": flights, "weather": sky}[kind]
    with pytest.raises(ContractError, match="unit"):
        log.ingest(tmp_path, kind, change(batch), received=10)
    assert not list(tmp_path.iterdir())


def test_a_small_batch_of_bad_rows_is_put_aside_and_no_empty_file_joins_the_log(tmp_path, flights):
    receipt = log.ingest(tmp_path, "flights", flights.head(2).assign(distance=-1.0), received=10)
    assert (receipt.kept, receipt.quarantined) == (0, 2)
    assert not list(tmp_path.glob("flights/*"))
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def test_what_a_killed_run_was_writing_is_swept(tmp_path):
    kept = tmp_path / "a" / "b.json"
    store.write_json(kept, {})
    (tmp_path / "a" / ".b.json.77.part").write_text("{")
    (tmp_path / "a" / ".v2.77.part").mkdir()
    (tmp_path / "a" / ".v2.77.part" / "model.onnx").write_bytes(b"x")
    store.sweep(tmp_path)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [kept]
    assert not list(tmp_path.rglob("*.part"))
