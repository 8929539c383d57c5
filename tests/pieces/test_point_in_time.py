"""The faults `point_in_time` exists for, put in on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("pandas")
import numpy as np
import pandas as pd
from point_in_time import as_of, utc

DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2026-01-01", tz="UTC")


def day(*numbers):
    return [START + (number - 1) * DAY for number in numbers]


def facts(*rows):
    """Rows of user, event day, known day, value."""
    users, event, known, value = zip(*rows, strict=True)
    return pd.DataFrame({"user": users, "event": day(*event), "known": day(*known), "value": value})


def asked(*rows):
    users, at = zip(*rows, strict=True)
    return pd.DataFrame({"user": users, "at": day(*at)})


def join(left, right, **options):
    given = {"key": "user", "at": "at", "event": "event", "known": "known"} | options
    return as_of(left, right, **given)


def values(left, right, **options):
    return [None if pd.isna(v) else v for v in join(left, right, **options)["value"]]


CASES = {
    "the future is not seen": ([("a", 9, 9, 1.0)], 5, None),
    "the newest of the past": ([("a", 1, 1, 1.0), ("a", 3, 3, 2.0), ("a", 8, 8, 3.0)], 5, 2.0),
    "a late row is not known yet": ([("a", 1, 1, 1.0), ("a", 3, 8, 2.0)], 5, 1.0),
    "a late row is known later": ([("a", 1, 1, 1.0), ("a", 3, 8, 2.0)], 9, 2.0),
    "a late old row hides no newer": ([("a", 4, 4, 1.0), ("a", 2, 8, 2.0)], 9, 1.0),
    "a correction to come is unseen": ([("a", 3, 3, 1.0), ("a", 3, 8, 99.0)], 5, 1.0),
    "a correction made is seen": ([("a", 3, 3, 1.0), ("a", 3, 8, 99.0)], 9, 99.0),
    "an old event corrected now": (
        [("a", 3, 3, 1.0), ("a", 5, 5, 2.0), ("a", 3, 8, 99.0)],
        9,
        2.0,
    ),
    "a retraction leaves nothing": ([("a", 1, 1, 1.0), ("a", 3, 3, None)], 5, None),
    "entered before it is true": ([("a", 7, 2, 1.0)], 5, None),
    "the same moment is not before": ([("a", 5, 5, 1.0)], 5, None),
    "another's facts are another's": ([("b", 1, 1, 1.0)], 5, None),
}


@pytest.mark.parametrize(("rows", "at", "wanted"), CASES.values(), ids=CASES)
def test_what_was_known(rows, at, wanted):
    assert values(asked(("a", at)), facts(*rows)) == [wanted]


def test_agrees_with_brute_force_on_random_histories():
    rng = np.random.default_rng(0)
    for _ in range(20):
        event = rng.integers(0, 30, 60)
        right = pd.DataFrame(
            {
                "user": rng.integers(0, 4, 60),
                "event": START + event * DAY,
                "known": START + (event + rng.integers(0, 10, 60)) * DAY,
                "value": np.arange(60.0),
            }
        ).drop_duplicates(["user", "event", "known"])
        left = pd.DataFrame(
            {"user": rng.integers(0, 5, 80), "at": START + rng.integers(0, 45, 80) * DAY}
        )
        wanted = []
        for user, at in left.itertuples(index=False):
            seen = right[(right.user == user) & (right.event < at) & (right.known < at)]
            best = seen.sort_values(["event", "known"])["value"]
            wanted.append(best.iloc[-1] if len(best) else None)
        assert values(left, right) == wanted


def test_rows_order_index_and_duplicates_stay():
    left = asked(("b", 9), ("a", 5), ("a", 5), (None, 5), ("c", 2)).set_axis([7, 7, 3, 1, 0])
    right = facts(("a", 1, 1, 1.0), ("b", 2, 2, 2.0), (None, 1, 1, 3.0))
    out = join(left, right)
    pd.testing.assert_frame_equal(out[["user", "at"]], left)
    assert out["value"].fillna(-1).tolist() == [2, 1, 1, -1, -1]


def test_rows_delivered_twice_count_once():
    right = facts(("a", 1, 1, 1.0))
    assert values(asked(("a", 5)), pd.concat([right, right])) == [1.0]


def test_values_may_be_lists():
    right = facts(("a", 1, 1, [1.0, 2.0]), ("a", 1, 1, [1.0, 2.0]))
    assert join(asked(("a", 5)), right)["value"].tolist() == [[1.0, 2.0]]


def test_delay_moment_age_and_prefix():
    right = facts(("a", 1, 1, 1.0), ("a", 4, 4, 2.0))
    assert values(asked(("a", 5)), right, delay=2 * DAY) == [1.0]
    assert values(asked(("a", 5)), right, known=None, delay=2 * DAY) == [1.0]
    assert values(asked(("a", 4)), right, same_moment=True) == [2.0]
    assert values(asked(("a", 7), ("a", 8)), right, max_age=3 * DAY) == [2.0, None]
    assert "bank_value" in join(asked(("a", 5)), right, prefix="bank_")


def test_age_is_that_of_the_event_not_of_its_arrival():
    assert values(asked(("a", 9)), facts(("a", 1, 8, 1.0)), max_age=3 * DAY) == [None]


def test_several_keys_and_no_facts():
    left = asked(("a", 5), ("a", 5)).assign(shop=[1, 2])
    right = facts(("a", 1, 1, 1.0), ("a", 2, 2, 2.0)).assign(shop=[1, 2])
    assert values(left, right, key=["user", "shop"]) == [1.0, 2.0]
    assert values(left, right.iloc[:0], key=["user", "shop"]) == [None, None]


def test_zones_and_units_may_differ():
    right = facts(("a", 1, 1, 1.0))
    right["event"] = right["event"].dt.tz_convert("Asia/Tokyo").dt.as_unit("ns")
    assert values(asked(("a", 2)), right) == [1.0]


def test_the_hour_that_comes_twice_is_read_cautiously():
    clock = pd.Series(pd.to_datetime(["2013-11-03 01:30", "2013-03-10 02:30", "2013-07-01 12:00"]))
    fact = utc(clock, "America/New_York", doubled="later")
    ask = utc(clock, "America/New_York", doubled="earlier")
    assert fact.dt.strftime("%d %H:%M").tolist() == ["03 06:30", "10 07:00", "01 16:00"]
    assert (fact - ask).tolist() == [pd.Timedelta(hours=1), pd.Timedelta(0), pd.Timedelta(0)]
    assert utc(fact, "Asia/Tokyo", doubled="later").equals(fact), "a zone that is there stays"


ONE = facts(("a", 1, 1, 1.0))
REFUSED = {
    "two types": (asked(("a", 5)), ONE.assign(user=[1]), {}),
    "zone": (asked(("a", 5)).assign(at=pd.Timestamp("2026-01-05")), ONE, {}),
    "missing times": (
        asked(("a", 5)),
        ONE.assign(known=pd.Series([pd.NaT]).dt.tz_localize("UTC")),
        {},
    ),
    "contradict": (asked(("a", 5)), facts(("a", 1, 1, 1.0), ("a", 1, 1, 2.0)), {}),
    "both sides": (asked(("a", 5)).assign(value=1), ONE, {}),
    "needs a delay": (asked(("a", 5)), ONE, {"known": None}),
}


@pytest.mark.parametrize(("left", "right", "options"), REFUSED.values(), ids=REFUSED)
def test_what_would_be_silently_wrong_raises(left, right, options, request):
    with pytest.raises(ValueError, match=request.node.callspec.id):
        join(left, right, **options)


def test_the_plain_asof_join_has_the_hole():
    right = facts(("a", 3, 3, 1.0), ("a", 3, 8, 99.0))
    plain = pd.merge_asof(asked(("a", 5)), right, left_on="at", right_on="event", by="user")
    assert plain["value"].tolist() == [99.0]
