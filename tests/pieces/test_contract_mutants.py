"""The faults `contract_mutants` exists for: contracts with holes, and one without."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("pandas")
import numpy as np
import pandas as pd
from contract_mutants import mutants, survivors

RNG = np.random.default_rng(0)
GOOD = pd.DataFrame(
    {
        "id": np.arange(200),
        "amount": RNG.gamma(2, 50, 200).round(2),
        "country": RNG.choice(["NO", "SE", "DK"], 200),
        "at": pd.Timestamp("2026-11-01", tz="UTC") + pd.to_timedelta(np.arange(200), unit="m"),
        "member": RNG.random(200) < 0.5,
    }
)


def tight(frame):
    """A contract as it should be, in plain pandas."""
    assert list(frame) == list(GOOD)
    assert 150 <= len(frame) <= 300
    assert frame["id"].is_unique
    assert not frame.isna().any().any()
    assert (frame.dtypes == GOOD.dtypes).all()
    assert frame["amount"].between(0, 10_000).all()
    assert 50 < frame["amount"].median() < 200
    assert frame["amount"].nunique() > 10
    assert frame["country"].isin(["NO", "SE", "DK"]).all()
    assert frame["country"].nunique() == 3
    now = pd.Timestamp("2026-11-02", tz="UTC")
    assert frame["at"].between(now - pd.Timedelta(days=2), now).all()
    assert frame["at"].nunique() > 10
    assert frame["id"].between(0, 1000).all()
    assert 0.2 < frame["member"].mean() < 0.8


def test_a_tight_contract_has_one_hole_left_and_it_is_named():
    assert survivors(tight, GOOD, key=["id"]) == ["member: turned around"]
    assert survivors(tight, GOOD, key=["id"], ignore=["member: turned around"]) == []


LOOSENED = {
    "rows are not counted": (
        lambda f: (f["id"].is_unique, f["amount"].notna().all()),
        ["no rows", "1 row in 20"],
    ),
    "missing values pass a range": (
        lambda f: ((f["amount"] > 0) | f["amount"].isna(),),
        ["amount: all missing", "amount: half missing", "amount: all times 1000"],
    ),
    "the key is not unique": (
        lambda f: (),
        ["all rows twice", "id: one twice, with other values"],
    ),
}


@pytest.mark.parametrize(("checks", "holes"), LOOSENED.values(), ids=LOOSENED)
def test_holes_are_named(checks, holes):
    def validate(frame):
        return all(np.all(check) for check in checks(frame))

    assert set(holes) <= set(survivors(validate, GOOD, key=["id"]))


def test_refusing_by_raising_by_false_and_by_a_result_are_the_same():
    def result(frame):
        return SimpleNamespace(success=len(frame) == 200)

    def raises(frame):
        if len(frame) != 200:
            raise TypeError

    by = [survivors(check, GOOD) for check in (result, raises, lambda f: len(f) == 200)]
    assert by[0] == by[1] == by[2]
    assert "no rows" not in by[0]


def test_every_mutant_differs_and_leaves_the_good_table_alone():
    before, names = GOOD.copy(), []
    for name, bad in mutants(GOOD, ["id"]):
        names.append(name)
        assert not bad.equals(GOOD), name
    assert len(names) == len(set(names)) > 40
    pd.testing.assert_frame_equal(GOOD, before)


def test_a_refused_good_table_raises():
    with pytest.raises(ValueError, match="good table is refused"):
        survivors(lambda frame: False, GOOD)


@pytest.mark.filterwarnings("ignore")
def test_a_usual_pandera_schema_accepts_an_empty_table():
    pa = pytest.importorskip("pandera.pandas")
    schema = pa.DataFrameSchema(
        {"amount": pa.Column(float, pa.Check.ge(0)), "country": pa.Column(str)}
    )
    assert {"no rows", "all rows twice", "amount: all times 1000", "country: one empty"} <= set(
        survivors(schema.validate, GOOD)
    )
