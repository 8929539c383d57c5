"""The faults `forward_splits` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")
import numpy as np
from forward_splits import forward_splits

DAY = np.timedelta64(1, "D")
DAYS = np.datetime64("2026-01-01") + np.arange(100) * DAY
TIMES = np.random.default_rng(0).permutation(np.repeat(DAYS, 5))


def test_training_ends_before_testing_starts_and_no_day_is_cut():
    splits = forward_splits(TIMES, 10 * DAY, windows=3)
    assert [len(test) for _, test in splits] == [50, 50, 50]
    for train, test in splits:
        assert TIMES[train].max() < TIMES[test].min()
    assert TIMES[splits[-1][1]].max() == DAYS[-1]


def test_labels_that_came_later_do_not_train():
    known = TIMES + 14 * DAY
    for train, test in forward_splits(TIMES, 10 * DAY, windows=3, label_known=known):
        assert known[train].max() < TIMES[test].min()


def test_labels_that_never_came_are_on_neither_side():
    known = TIMES + 0 * DAY
    known[::7] = np.datetime64("NaT")
    for train, test in forward_splits(TIMES, 10 * DAY, label_known=known):
        assert not np.isnat(known[np.concatenate([train, test])]).any()


def test_groups_of_the_test_rows_do_not_train():
    users = np.random.default_rng(1).integers(0, 40, len(TIMES))
    for train, test in forward_splits(TIMES, 2 * DAY, windows=3, group=users):
        assert not set(users[train]) & set(users[test])


def test_history_is_limited():
    for train, test in forward_splits(TIMES, 10 * DAY, windows=2, history=30 * DAY):
        assert TIMES[train].min() > TIMES[test].min() - 32 * DAY


def test_numbers_serve_as_times():
    ((train, test),) = forward_splits(np.arange(10.0), 2.0, windows=1)
    assert (train.tolist(), test.tolist()) == (list(range(8)), [8, 9])


@pytest.mark.parametrize(
    ("time", "windows", "message"),
    [
        (np.append(TIMES, np.datetime64("NaT")), 3, "missing"),
        (TIMES, 10, "window 1 .* no rows"),
    ],
)
def test_what_cannot_be_split_raises(time, windows, message):
    with pytest.raises(ValueError, match=message):
        forward_splits(time, 10 * DAY, windows=windows)
