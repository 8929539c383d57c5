"""What a batch must look like before it enters the log, and what becomes of rows that do not.

Change: the columns with their ranges, and `LAWS`, what ties your columns together. A range cannot
see a wrong unit (25 is a temperature in both scales); a law between columns can, and what no law
ties is not seen: both ends of every flight an hour off would pass.
"""

from __future__ import annotations

import events
import numpy as np
import pandas as pd
import pandera.pandas as pa

UNIT_GAP = 0.5
"""Largest median gap in points of humidity; real days in January to April reach 0.1, see data."""
GROUND = (10.0, 60.0)
"""Bounds of the median minutes of a flight that were not in the air; months have 25 to 33."""
MOST, FEW = 0.5, 20
"""More bad rows than this share are a fault of the batch; under `FEW` rows nobody can tell."""

MINUTE = pa.Column(int, pa.Check.in_range(0, 2**31), coerce=True)
AIRPORT = pa.Column(str, pa.Check.str_matches(r"^[A-Z]{3}$"))


def _minutes(low: float, high: float) -> pa.Column:
    """Minutes, which this source gives whole: hours would come as fractions."""
    whole = pa.Check(lambda x: x % 1 == 0, error="whole minutes")
    return pa.Column(float, [pa.Check.in_range(low, high), whole], nullable=True, coerce=True)


FLIGHTS = pa.DataFrameSchema(
    {
        "flight_id": pa.Column(str, pa.Check.str_matches(r"^\d{4}-\d\d-\d\d\|\w+\|\d+\|[A-Z]{3}$")),
        "day": pa.Column(str, pa.Check.str_matches(r"^\d{4}-\d\d-\d\d$")),
        "carrier": pa.Column(str, pa.Check.str_matches(r"^[A-Z0-9]{2}$")),
        "flight": pa.Column(int, pa.Check.gt(0), coerce=True),
        "origin": pa.Column(str, pa.Check.isin(["EWR", "JFK", "LGA"])),
        "dest": AIRPORT,
        "tailnum": pa.Column(str, nullable=True),
        "distance": pa.Column(float, pa.Check.in_range(10, 6000), coerce=True),  # miles
        "dep_delay": _minutes(-90, 1440),
        "arr_delay": _minutes(-120, 1440),
        "air_time": _minutes(10, 1000),
        "sched_dep": MINUTE,
        "sched_arr": MINUTE,
    },
    unique=["flight_id"],
    strict=True,
)

WEATHER = pa.DataFrameSchema(
    {
        "weather_id": pa.Column(str),
        "origin": pa.Column(str, pa.Check.isin(["EWR", "JFK", "LGA"])),
        "observed": MINUTE,
        "temp_f": pa.Column(float, pa.Check.in_range(-40, 130), nullable=True, coerce=True),
        "dewp_f": pa.Column(float, pa.Check.in_range(-60, 100), nullable=True, coerce=True),
        "humid_pct": pa.Column(float, pa.Check.in_range(0, 100), nullable=True, coerce=True),
        "wind_mph": pa.Column(float, pa.Check.in_range(0, 120), nullable=True, coerce=True),
        "gust_mph": pa.Column(float, pa.Check.in_range(0, 180), nullable=True, coerce=True),
        "precip_in": pa.Column(float, pa.Check.in_range(0, 5), nullable=True, coerce=True),
        "pressure_mb": pa.Column(float, pa.Check.in_range(900, 1100), nullable=True, coerce=True),
        "visib_mi": pa.Column(float, pa.Check.in_range(0, 20), nullable=True, coerce=True),
    },
    unique=["weather_id"],
    strict=True,
)

SCHEMAS = {"flights": FLIGHTS, "weather": WEATHER}
KEYS = {"flights": "flight_id", "weather": "weather_id"}


class ContractError(ValueError):
    """The whole batch is wrong: nothing of it was kept."""


def check(kind: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The good rows of a batch, and the bad ones with the reason in ``why``.

    Raises:
        ContractError: columns are missing or unknown, or values have another unit: no row of such
            a batch can be trusted.
    """
    schema, key = SCHEMAS[kind], KEYS[kind]
    if set(frame.columns) != set(schema.columns):
        odd = sorted(set(frame.columns) ^ set(schema.columns))
        raise ContractError(f"{kind}: columns missing or unknown: {', '.join(odd)}")
    frame = frame[list(schema.columns)].drop_duplicates(ignore_index=True)
    try:
        good = schema.validate(frame, lazy=True)
        bad = frame.head(0).assign(why="")
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.dropna(subset="index")
        if cases.empty:
            raise ContractError(f"{kind}: {error.failure_cases['check'].iloc[0]}") from None
        why = cases["column"].astype(str) + ": " + cases["check"].astype(str)
        reasons = why.groupby(cases["index"].astype(int)).agg("; ".join)
        bad = frame.loc[reasons.index].assign(why=reasons)
        # Without those rows every column can take its type; a second failure is a real one.
        good = schema.validate(frame.drop(index=reasons.index)).reset_index(drop=True)
    if len(frame) >= FEW and len(bad) > MOST * len(frame):
        most = bad["why"].value_counts()
        raise ContractError(f"{kind}: {most.iloc[0]} of {len(frame)} rows: {most.index[0]}: unit?")
    LAWS[kind](good)
    if good[key].duplicated().any():
        raise ContractError(f"{kind}: {key} is not unique")
    return good, bad.reset_index(drop=True)


def humidity(weather: pd.DataFrame) -> None:
    """Raise unless humidity follows from temperature and dew point."""
    if (gap := unit_gap(weather)) > UNIT_GAP:
        raise ContractError(f"weather: humidity is {gap:.1f} points from temp_f and dewp_f: unit?")


def clocks(flights: pd.DataFrame) -> None:
    """Raise unless plan, delays and time in the air leave the ground its usual minutes."""
    spent = events.taxi(flights)
    if len(spent) >= FEW and not GROUND[0] <= (ground := float(spent.median())) <= GROUND[1]:
        raise ContractError(f"flights: {ground:.0f} minutes on the ground: zone or unit?")


LAWS = {"flights": clocks, "weather": humidity}


def unit_gap(weather: pd.DataFrame) -> float:
    """Median distance of the humidity given from that which temperature and dew point imply.

    Magnus' formula wants degrees Celsius: one column in another unit and the law breaks.
    """
    t, d = ((weather[name].to_numpy(float) - 32) / 1.8 for name in ("temp_f", "dewp_f"))
    with np.errstate(over="ignore"):
        implied = 100 * np.exp(17.625 * d / (243.04 + d) - 17.625 * t / (243.04 + t))
    gaps = np.abs(implied - weather["humid_pct"].to_numpy(float))
    gaps = gaps[np.isfinite(gaps)]
    return float(np.median(gaps)) if len(gaps) else 0.0
