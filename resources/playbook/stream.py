"""Events as a stream: a Kafka topic through the same contract into the same log.

``python resources/playbook/stream.py flights --brokers HOST:PORT --group delay``

A batch is a minute of one partition by the broker's clock, so one that is delivered again is the
same file, whoever reads it; batches cut by what had just arrived would not be: a row's old word,
alone in its batch, would count as newer than the correction that had come with it. So messages are
keyed by the row and stamped by the broker (``message.timestamp.type=LogAppendTime``); of two words
on a row in one minute the last counts. Offsets are committed once the batch is in the log. A
message that is no row is set aside with its place; a batch that breaks the contract stops the
reader, uncommitted. Change: `decoded` for another encoding. ``pip install confluent-kafka``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feed
import pandas as pd
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from contract import KEYS, SCHEMAS, ContractError
from ingest import Receipt, ingest, set_aside

BEGIN = int(feed.EPOCH.timestamp()) // 60
READER = {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "session.timeout.ms": 10_000,
}
GRACE = 1
"""Minutes after its end at which a minute is closed though nothing came behind it."""


def consumer(brokers: str, group: str) -> Consumer:
    """A reader that starts at what its group has not committed."""
    return Consumer({**READER, "bootstrap.servers": brokers, "group.id": group})


def minute(message: Message) -> int:
    """The minute of its receipt, since `feed.EPOCH`."""
    return int(message.timestamp()[1] // 60_000 - BEGIN)


def batches(reader: Consumer, topic: str) -> Iterator[list[Message]]:
    """Messages of one partition and minute, in their order; for ever."""
    held: dict[int, list[Message]] = {}
    ended: set[int] = set()

    def forget(_: Consumer, places: list[TopicPartition]) -> None:
        for place in places:  # whoever reads it now begins at what was committed
            held.pop(place.partition, None)

    reader.subscribe([topic], on_assign=forget, on_revoke=forget)
    while True:
        message = reader.poll(1.0)
        if message and message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(message.error())
            ended.add(message.partition())
        elif message:
            place = message.partition()
            ended.discard(place)
            if place in held and minute(held[place][0]) < minute(message):
                yield held.pop(place)
            held.setdefault(place, []).append(message)
        now = int(time.time() // 60) - BEGIN
        for place in [p for p in ended & held.keys() if minute(held[p][0]) + GRACE < now]:
            yield held.pop(place)


def decoded(kind: str, message: Message) -> dict[str, Any]:
    """The row that a message carries.

    Raises:
        ValueError: it carries none.
    """
    row = json.loads(message.value() or b"")
    if not isinstance(row, dict) or row.keys() != SCHEMAS[kind].columns.keys():
        raise ValueError(f"not an object with the columns of {kind}")
    if any(isinstance(value, dict | list) for value in row.values()):
        raise ValueError("a value is not one text or number")
    return row


def take(root: Path, kind: str, batch: list[Message]) -> tuple[Receipt, int]:
    """Put a batch into the log: what became of its rows, and how many messages were none.

    Raises:
        ContractError: the batch as a whole is wrong; the log is as before.
    """
    rows, odd = [], []
    for message in batch:
        try:
            rows.append(decoded(kind, message))
        except (ValueError, RecursionError) as error:
            place = {"partition": message.partition(), "offset": message.offset()}
            odd.append({**place, "value": repr(message.value()), "why": str(error)})
    if odd:
        set_aside(root, f"{kind}-messages", pd.DataFrame(odd), minute(batch[0]))
    if not rows:
        return Receipt(0, 0, known=False), len(odd)
    words = pd.DataFrame(rows).drop_duplicates(KEYS[kind], keep="last")
    return ingest(root, kind, words, minute(batch[0])), len(odd)


def run(reader: Consumer, root: Path, kind: str) -> Iterator[tuple[Receipt, int]]:
    """Take batch after batch of the topic `kind`, and commit each once it is in the log."""
    for batch in batches(reader, kind):
        first, last = batch[0], batch[-1]
        place = f"{first.topic()}[{first.partition()}] {first.offset()} to {last.offset()}"
        try:
            taken = take(root, kind, batch)
        except ContractError as error:
            raise ContractError(f"{place}: {error}") from error
        end = TopicPartition(first.topic(), first.partition(), last.offset() + 1)
        reader.commit(offsets=[end], asynchronous=False)
        yield taken


def main() -> None:
    """Read a topic until told to stop."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=sorted(SCHEMAS), help="also the topic's name")
    parser.add_argument("--brokers", default="localhost:9092")
    parser.add_argument("--group", default="delay")
    parser.add_argument("--home", type=Path, default=Path("playbook-run"))
    options = parser.parse_args()
    reader = consumer(options.brokers, options.group)
    try:
        for receipt, odd in run(reader, options.home / "log", options.kind):
            print(f"{receipt}, {odd} messages set aside", flush=True)
    finally:
        reader.close()


if __name__ == "__main__":
    main()
