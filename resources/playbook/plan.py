"""Every date and count that another data set moves, in one place; all stages read them here.

How to choose: train and test must each hold a whole cycle of what repeats (week, season) or say
that they do not. Keep the last whole stretch before today as the test. Where the level rises, no
split is fair to a model of levels: predict the change, or judge month by month as retrain does.
With few decisions a day lengthen the windows first: a bound needs some 20 units, an interval 20.
"""

from __future__ import annotations

EPOCH = "2013-01-01"
"""Minute 0 of every clock here, in UTC."""
ZONE = "America/New_York"
"""Whose days and hours are meant."""

BATCHES = range(1, 13)
"""What `feed.py` is asked for, one after the other."""
FRAMED = (1, 2, 3)
"""The batches before `TRAIN_UNTIL`, on which stage frame decides."""

# The split: what was known by one date is fitted, the days up to the next are judged.
BEGIN = "2013-01-01"
WARM = "2013-01-29"
"""From here on the longest window (28 days) is full; alarms learn nothing before."""
TUNE_FROM = "2013-02-11"
FIT_UNTIL = "2013-03-01"
TRAIN_UNTIL = "2013-04-01"
TEST_UNTIL = "2013-05-01"
"""The end of the test, and of all that alarms were chosen on."""

# Replayed afterwards.
LATER = tuple(f"2013-{month:02}-01" for month in range(5, 13))
"""First days of the months in which a challenger may take over."""
END = "2014-01-01"
TRIAL = ("2013-06-01", "2013-07-01")
"""The month of shadow, canary and A/B test; its first day is one of `LATER`."""
QUIET_DAY = "2013-09-18"
"""A day without a fault, on which faults are injected."""
BACKTEST = ("2013-02-01", "2013-03-01", TRAIN_UNTIL, TEST_UNTIL)

# Counts.
UNIT = "flight_id"
"""What an arm of a trial is assigned to; ``day`` for what touches all cases of a day."""
SLICE_LEAST = 300
"""Cases below which a slice is not judged."""
HOURS = 1
"""Length of the stretch of a day whose null rates are judged; 24 where decisions are few."""
HOUR_LEAST = 20
"""Cases in such a stretch below which its null rates are not judged."""
CANARY_LEAST = 20
"""Units in each arm below which a canary's cost is not judged."""
PROOF_AFTER, PROOF_ROWS = 20_000, 10
"""The proof by blanking draws so many cases behind the first so many."""
TESTED_ROWS = 500
COMPARED_ROWS = 20_000
"""Rows of the past that the usual drift tests compare with."""
RATE = 40
"""Requests a second of the load test: twice your busiest minute."""
WORTH = 0.2
"""Share of the best rule's cost that a perfect model must save, or stop in frame."""
TOO_GOOD = 0.9
"""Share of that saving from which a real model is a leak; raise it where labels are easy."""


def month_after(day: str) -> str:
    """The end of the stretch of `LATER` that begins at `day`."""
    return (*LATER, END)[LATER.index(day) + 1]
