"""The faults `feature_skew` exists for, put in on purpose."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("pandas")
import numpy as np
import pandas as pd
from feature_skew import Skew, skew

RNG = np.random.default_rng(0)
TRAINED = pd.DataFrame(
    {
        "id": np.arange(400),
        "amount": RNG.gamma(2, 50, 400),
        "age": np.where(RNG.random(400) < 0.2, np.nan, RNG.integers(18, 90, 400)),
        "visits": RNG.poisson(3, 400),
        "code": RNG.integers(0, 4, 400),
        "city": RNG.choice(["Oslo", "Bergen", "Paris"], 400),
        "seen": RNG.integers(1_700_000_000, 1_760_000_000, 400),
    }
)


def test_equal_features_are_quiet_through_json_float32_and_another_order():
    rows = json.loads(TRAINED.sample(frac=1, random_state=0).to_json(orient="records"))
    served = pd.DataFrame(rows)[TRAINED.columns[::-1]].drop(index=[3, 4])
    served["amount"] = served["amount"].astype("float32")
    assert skew(TRAINED, served, "id") == []


FAULTS = {
    "zeros for missing": (
        lambda f: f.assign(age=f["age"].fillna(0)),
        "age",
        r"missing in training, 0.0",
    ),
    "lost": (lambda f: f.assign(age=np.nan), "age", "missing at serving"),
    "a default": (lambda f: f.assign(visits=0), "visits", "0.0 at serving whatever"),
    "cents": (lambda f: f.assign(amount=f["amount"] * 100), "amount", "100 times as large"),
    "an hour": (lambda f: f.assign(seen=f["seen"] + 3600), "seen", r"\+3600 at serving"),
    "itself": (lambda f: f.assign(visits=f["visits"] + 1), "visits", r"\+1 at serving"),
    "new codes": (
        lambda f: f.assign(code=f["code"].map({0: 2, 1: 0, 2: 3, 3: 1})),
        "code",
        "recoded",
    ),
    "stale": (lambda f: f.assign(amount=np.roll(f["amount"], 1)), "amount", "older, newer"),
    "case": (lambda f: f.assign(city=f["city"].str.upper() + " "), "city", "case or white"),
    "names": (
        lambda f: f.assign(city=f["city"].map({"Oslo": "NO", "Bergen": "NB", "Paris": "FR"})),
        "city",
        "written otherwise",
    ),
    "other": (lambda f: f.assign(city=np.roll(f["city"], 1)), "city", "other values"),
    "gone": (lambda f: f.drop(columns="code"), "code", "not served"),
    "new": (lambda f: f.assign(extra=1), "extra", "not trained"),
    "text": (lambda f: f.assign(code=f["code"].astype(str).replace("1", "")), "code", "missing at"),
}


@pytest.mark.parametrize(("plant", "column", "cause"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_found_and_explained(plant, column, cause):
    (found,) = skew(TRAINED, plant(TRAINED), "id")
    assert found.column == column
    assert pd.Series([found.cause]).str.match(cause).all(), found


def test_a_fault_in_few_rows_is_found_and_its_share_told():
    served = TRAINED.copy()
    served.loc[served["city"] == "Paris", "amount"] *= 100
    (found,) = skew(TRAINED, served, "id")
    assert found == Skew("amount", (TRAINED["city"] == "Paris").mean(), found.cause)
    assert found.cause.startswith("100 times")


def test_keys_that_cannot_be_matched_raise():
    with pytest.raises(ValueError, match="twice"):
        skew(TRAINED, pd.concat([TRAINED, TRAINED]), "id")
    with pytest.raises(ValueError, match="no id is on both sides"):
        skew(TRAINED, TRAINED.assign(id=TRAINED["id"].astype(str)), "id")
