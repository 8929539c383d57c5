"""Features of flights as of the moment of the decision; the same object offline and online.

`State` holds the log; `State.rows(flights)` looks two hours ahead of each flight and sees nothing
that came later. Windows hold what was reported in them, so a row that comes late counts from its
receipt, offline as online. Offline it gets a year, online what has happened so far: tests blank all
after the decision and want the same numbers. Change: the features, in `rows` and in `columns.py`
together. Windows are two binary searches on ``group * 2**32 + minute`` and a running sum of whole
numbers, which is exact: a loop over groups took 25 times as long.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import plan
from columns import CATEGORIES, NAMES

AHEAD = 120
"""Minutes before the planned departure at which the decision is made."""
WEATHER_AGE = 60
"""Minutes until an observation is published."""
DAY = 24 * 60
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Windows:
    """Events of many groups; counts and sums over any window of time."""

    def __init__(self, group: Ints, minute: pd.Series, value: pd.Series | None = None) -> None:
        happened = minute.notna().to_numpy()
        key = (group[happened] << 32) + minute[happened].to_numpy().astype(np.int64)
        order = np.argsort(key, kind="stable")
        worth = np.ones(len(key)) if value is None else value[happened].to_numpy(float)
        self.key, self.total = key[order], np.concatenate(([0.0], np.cumsum(worth[order])))

    def seen(self, group: Ints, after: Ints, until: Ints) -> tuple[Floats, Floats]:
        """Number and sum of events with ``after < minute <= until``."""
        a = np.searchsorted(self.key, (group << 32) + np.maximum(after, 0), "right")
        b = np.searchsorted(self.key, (group << 32) + np.maximum(until, 0), "right")
        return (b - a).astype(float), self.total[b] - self.total[a]

    def mean(self, group: Ints, after: Ints, until: Ints, least: int = 1) -> Floats:
        """Mean over the window; missing where fewer than `least` events lie in it."""
        count, total = self.seen(group, after, until)
        return np.where(count >= least, total / np.maximum(count, 1), np.nan)


class State:
    """All that is known: the event log and the weather."""

    def __init__(self, log: pd.DataFrame, weather: pd.DataFrame) -> None:
        self.log = log.reset_index(drop=True)
        self.weather = {
            str(origin): part.sort_values("observed", ignore_index=True)
            for origin, part in weather.groupby("origin")
        }
        self.books: dict[str, pd.Index] = {}
        groups = {name: self._code(name, keys) for name, keys in _keys(self.log).items()}
        left, down, known = (self.log[n] for n in ("dep_known", "land_known", "known_at"))
        dep_delay = self.log["dep"] - self.log["sched_dep"]
        arr_delay = self.log["land"] - self.log["sched_arr"]
        places = ("origin", "city", "carrier")
        self.delays = {g: Windows(groups[g], left, dep_delay) for g in places}
        self.landed = Windows(groups["dest"], down, arr_delay)
        self.planned = Windows(groups["origin"], self.log["sched_dep"])
        rated = ("city", "route", "carrier", "hour", "flight")
        self.rates = {g: Windows(groups[g], known, self.log["late"]) for g in rated}
        flown = self.log["tailnum"].notna().to_numpy()
        tails = (groups["tailnum"] << 32) + self.log["sched_dep"].to_numpy(np.int64)
        order = np.argsort(tails, kind="stable")
        self.legs = order[flown[order]]
        self.leg_keys = tails[self.legs]

    def _code(self, name: str, keys: pd.Series) -> Ints:
        """A number for each key; 0 for one that the log does not know."""
        if name not in self.books:
            self.books[name] = pd.Index(pd.unique(keys.dropna()))
        return np.asarray(self.books[name].get_indexer(keys) + 1, np.int64)

    def rows(self, flights: pd.DataFrame) -> pd.DataFrame:
        """One row of `columns.NAMES` per flight; it reads no outcome of `flights`."""
        now = flights["sched_dep"].to_numpy(np.int64) - AHEAD
        code = {name: self._code(name, keys) for name, keys in _keys(flights).items()}
        out: dict[str, npt.ArrayLike] = {name: flights[name].to_numpy() for name in CATEGORIES}
        out["hour"], out["weekday"] = _hour(flights), pd.to_datetime(flights["day"]).dt.day_of_week
        out["distance_mi"] = flights["distance_mi"].to_numpy(float)
        out["planned_min"] = (flights["sched_arr"] - flights["sched_dep"]).to_numpy(float)
        out |= self._sky(flights["origin"].to_numpy(), now - WEATHER_AGE)
        out |= self._leg(flights, code["tailnum"], now)
        origin = self.delays["origin"]
        out["origin_departed_1h"] = origin.seen(code["origin"], now - 60, now)[0]
        out["origin_delay_1h_min"] = origin.mean(code["origin"], now - 60, now)
        out["origin_delay_3h_min"] = origin.mean(code["origin"], now - 180, now)
        planned, _ = self.planned.seen(code["origin"], now - 180, now)
        out["origin_backlog_3h"] = planned - origin.seen(code["origin"], now - 180, now)[0]
        out["city_delay_1h_min"] = self.delays["city"].mean(code["city"], now - 60, now)
        out["carrier_delay_3h_min"] = self.delays["carrier"].mean(code["carrier"], now - 180, now)
        out["dest_arr_delay_3h_min"] = self.landed.mean(code["dest"], now - 180, now)
        month = now - 28 * DAY
        for name, group in (("all", "city"), ("route", "route"), ("carrier", "carrier")):
            out[f"rate_{name}_28d"] = self.rates[group].mean(code[group], month, now, least=5)
        for group in ("hour", "flight"):
            out[f"rate_{group}_28d"] = self.rates[group].mean(code[group], month, now, least=5)
        return pd.DataFrame(out)[list(NAMES)]

    def _sky(self, origin: npt.NDArray[np.object_], until: Ints) -> dict[str, Floats]:
        """The last observation at each flight's origin that is published and under 6 hours old."""
        names = ["temp_f", "dewp_f", "humid_pct", "wind_mph", "gust_mph", "precip_in"]
        names += ["pressure_mb", "visib_mi"]
        sky = {name: np.full(len(until), np.nan) for name in names}
        for place, part in self.weather.items():
            observed = part["observed"].to_numpy(np.int64)
            row = np.searchsorted(observed, until, "right") - 1
            fresh = (origin == place) & (row >= 0) & (until - observed[row] < 360)
            for name in names:
                sky[name][fresh] = part[name].to_numpy(float)[row[fresh]]
        return sky

    def _leg(self, flights: pd.DataFrame, tail: Ints, now: Ints) -> dict[str, Floats]:
        """The aircraft's previous planned departure, and of its delay what was known by `now`.

        An aircraft that is not named is one that was not seen: in this data only flights that were
        cancelled lack it, and that a value is missing must not tell the outcome.
        """
        start = flights["sched_dep"].to_numpy(np.int64)
        at = np.searchsorted(self.leg_keys, (tail << 32) + start, "left") - 1
        found = (at >= 0) & (tail > 0)
        found &= np.where(found, self.leg_keys[at] >> 32, -1) == tail
        leg = self.log.iloc[self.legs[at]] if len(self.legs) else self.log.iloc[at * 0]
        planned = leg["sched_dep"].to_numpy(np.int64)
        dep, land = leg["dep"].to_numpy(float), leg["land"].to_numpy(float)
        found &= start - planned < 2 * DAY
        left = found & (leg["dep_known"].to_numpy(float) <= now)
        down = found & (leg["land_known"].to_numpy(float) <= now)
        waiting = found & ~left & (planned <= now)
        return {
            "leg_gap_min": np.where(found, start - planned, np.nan).astype(float),
            "leg_dep_delay_min": np.where(left, dep - planned, np.nan),
            "leg_arr_delay_min": np.where(down, land - leg["sched_arr"].to_numpy(float), np.nan),
            "leg_overdue_min": np.where(waiting, np.minimum(now - planned, 720), np.nan),
        }


def _hour(flights: pd.DataFrame) -> pd.Series:
    """The local hour of departure."""
    start = pd.Timestamp(plan.EPOCH, tz="UTC") + pd.to_timedelta(flights["sched_dep"], unit="min")
    return start.dt.tz_convert(plan.ZONE).dt.hour


def _keys(flights: pd.DataFrame) -> dict[str, pd.Series]:
    """What flights are grouped by."""
    text = {name: flights[name].astype(object) for name in ("origin", "dest", "carrier", "tailnum")}
    return text | {
        "city": pd.Series("all", flights.index),
        "route": text["origin"] + ">" + text["dest"],
        "hour": text["origin"] + _hour(flights).astype(str),
        "flight": text["carrier"] + flights["flight"].astype(str),
    }
