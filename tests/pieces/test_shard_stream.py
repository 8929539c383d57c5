"""The faults `shard_stream` exists for, put in on purpose."""

from __future__ import annotations

from itertools import islice

import pytest

torch = pytest.importorskip("torch")
from shard_stream import ShardStream  # noqa: E402

SHARDS = [str(n) for n in range(8)]


def read(shard):
    return range(int(shard) * 10, int(shard) * 10 + 10)


def stream(**more):
    return ShardStream(SHARDS, read, **({"batch": 5, "buffer": 7} | more))


def batches(source, number, workers=0):
    """The next `number` batches; the source is told of each."""
    rows = []
    loader = torch.utils.data.DataLoader(source, batch_size=None, num_workers=workers)
    for mark, batch in islice(loader, number):
        source.seen(mark)
        rows.append(batch.tolist())
    return rows


class Plain(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter(range(80))


def test_a_plain_stream_gives_each_row_to_each_worker():
    rows = list(torch.utils.data.DataLoader(Plain(), batch_size=None, num_workers=2))
    assert len(rows) == 160


@pytest.mark.parametrize(("world", "workers"), [(1, 0), (1, 2), (2, 2), (4, 0)])
def test_every_row_comes_once_an_epoch(world, workers):
    rows = []
    for rank in range(world):
        mine = batches(stream(rank=rank, world=world), 16 // world, workers)
        rows += [row for batch in mine for row in batch]
    assert sorted(rows) == list(range(80))
    assert rows != list(range(80))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", [1, 7, 16, 21])
def test_a_resumed_stream_goes_on(workers, stop):
    whole = batches(stream(), 40, workers)
    first = stream()
    assert batches(first, stop, workers) == whole[:stop]
    second = stream()
    second.load_state_dict(first.state_dict())
    assert batches(second, 40 - stop, workers) == whole[stop:]


def test_what_was_fetched_and_not_trained_on_comes_again():
    first = stream()
    loader = iter(torch.utils.data.DataLoader(first, batch_size=None, num_workers=2))
    marks = [next(loader) for _ in range(6)]
    first.seen(marks[0][0])
    second = stream()
    second.load_state_dict(first.state_dict())
    assert batches(second, 5, 2) == [batch.tolist() for _, batch in marks[1:]]


def test_the_second_epoch_is_shuffled_otherwise():
    rows = batches(stream(), 32)
    assert rows[:16] != rows[16:]
    assert sorted(row for batch in rows[16:] for row in batch) == list(range(80))


def test_other_readers_raise():
    first = stream()
    batches(first, 3, 2)
    second = stream()
    second.load_state_dict(first.state_dict())
    with pytest.raises(ValueError, match="resumed with 1"):
        batches(second, 1)
    with pytest.raises(ValueError, match="what was saved"):
        stream(seed=1).load_state_dict(first.state_dict())
    with pytest.raises(ValueError, match="8 shards for 16"):
        batches(stream(world=16), 1)


@pytest.mark.parametrize(("world", "workers"), [(1, 0), (2, 2)])
def test_one_epoch_ends_with_every_row_once(world, workers):
    rows = []
    for rank in range(world):
        source = stream(rank=rank, world=world, batch=7, epochs=1)
        loader = torch.utils.data.DataLoader(source, batch_size=None, num_workers=workers)
        rows += [row for _, batch in loader for row in batch.tolist()]
    assert sorted(rows) == sorted(row for shard in stream().shards for row in read(shard))
