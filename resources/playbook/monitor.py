"""Stage monitor: alarms chosen on January to April, judged from May on. Needs: serve.

A shifted week is one in which the first champion costs over `HARM` more than a model fitted later.
The alarms know nothing of that model: they see inputs at once and labels when they are known.
Writes `monitor.html` and `monitor.prom` for Prometheus, whose rules are in `alerts.yml`. Change:
`HARM`, the faults in `faults`, and in `alerts.yml` who is called.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import alarms
import challengers
import contract
import feed
import numpy as np
import pandas as pd
import plan
from decision import COSTS, per_thousand
from delay_model import recalibrated
from features import AHEAD
from recipe import platt
from report import page
from store import Gate, Result, write_text

from data import between

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HARM = 0.03


def weekly(rows: pd.DataFrame, p: str, better: str) -> pd.DataFrame:
    """One row per week: observed over expected, its lower bound, and whether the model did harm."""
    found = []
    for week, part in rows.groupby(pd.to_datetime(rows["day"]).dt.to_period("W").dt.start_time):
        if part["day"].nunique() < 7:
            continue
        ratio, low = alarms.low_ratio(part["late"], part[p].to_numpy(), part["day"])
        ours, theirs = (per_thousand(part["late"], part[x] > COSTS.threshold) for x in (p, better))
        harm = ours / theirs - 1
        found.append({"week": str(week.date()), "ratio": ratio, "low": low, "harm": harm})
    return pd.DataFrame(found).assign(shifted=lambda weeks: weeks["harm"] > HARM)


def backtest(home: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Weeks of February to April as a model of the months before them saw them.

    No later model exists for them: harm is against the same model calibrated in hindsight.
    """
    parts = []
    for start, end in pairwise(plan.BACKTEST):
        p = challengers.scores(home, rows, start)
        part = between(rows.assign(q=p), start, end)
        line = platt(part["q"].to_numpy(), part["late"])
        hindsight = recalibrated(part["q"].to_numpy(), *line)
        parts.append(weekly(part.assign(best=hindsight), "q", "best"))
    return pd.concat(parts, ignore_index=True)


def faults(rows: pd.DataFrame, bounds: pd.DataFrame, sky: pd.DataFrame) -> dict[str, Any]:
    """Feeds broken on purpose: hours of a quiet day that fire, days on which Celsius is seen."""
    day = rows[rows["day"] == plan.QUIET_DAY]
    lost = {"nothing": [], "airport's delays": ["origin_delay_1h_min", "origin_delay_3h_min"]}
    lost |= {"previous legs": [n for n in rows.columns if n.startswith("leg_")]}
    lost |= {"weather": ["temp_f", "wind_mph"]}
    fired = {}
    for name, columns in lost.items():
        rates = alarms.null_rates(day.assign(**dict.fromkeys(columns, np.nan)))
        seen = alarms.null_alarms(rates, bounds)
        fired[name] = f"{int(seen.sum())} of {len(seen)} hours"
    celsius = sky.assign(**{name: (sky[name] - 32) / 1.8 for name in ("temp_f", "dewp_f")})
    gaps = [contract.unit_gap(part) for _, part in celsius.groupby(sky["observed"] // 1440)]
    caught = f"{sum(gap > contract.UNIT_GAP for gap in gaps)} of {len(gaps)} days"
    return {"lost": fired, "Celsius": caught}


def learned(rates: pd.DataFrame) -> pd.DataFrame:
    """Bounds of null rates, from days on which every window was full and no alarm was judged."""
    day = rates.index.get_level_values("day")
    return alarms.null_bounds(rates[(day >= plan.WARM) & (day < plan.TEST_UNTIL)])


def run(home: Path) -> Result:
    """Alarms fired in shifted and quiet weeks, quiet hours and broken ones."""
    rows = challengers.load(home)
    past = backtest(home, rows)
    level = alarms.choose(past["low"], past["shifted"])
    later = rows["day"] >= plan.TEST_UNTIL
    fresh = np.full(len(rows), np.nan)
    for begin in plan.LATER:
        inside = ((rows["day"] >= begin) & (rows["day"] < plan.month_after(begin))).to_numpy()
        fresh[inside] = challengers.scores(home, rows, challengers.cutoff(begin))[inside]
    weeks = weekly(rows.assign(fresh=fresh)[later], "p", "fresh")
    weeks["alarm"] = weeks["low"] > level
    train = between(rows, "", plan.TRAIN_UNTIL)
    train = train.sample(min(plan.COMPARED_ROWS, len(train)), random_state=0)
    tests = pd.DataFrame([alarms.usual(train, part) for part in _parts(rows[later], weeks)])
    counts = {
        name: {
            "shifted": f"{int(fired[weeks['shifted']].sum())} of {int(weeks['shifted'].sum())}",
            "quiet": f"{int(fired[~weeks['shifted']].sum())} of {int((~weeks['shifted']).sum())}",
        }
        for name, fired in (("observed over expected", weeks["alarm"]), *tests.items())
    }
    rates = alarms.null_rates(rows)
    day = rates.index.get_level_values("day")
    bounds = learned(rates)
    hours = alarms.null_alarms(rates[day >= plan.TEST_UNTIL], bounds)
    sky = pd.read_parquet(home / "tables" / "weather.parquet")
    broken = faults(rows, bounds, sky)
    figures = {
        "level": level,
        "backtest": f"{len(past)} weeks, {int(past['shifted'].sum())} shifted",
        "weeks": counts,
        "weeks that fired": weeks.loc[weeks["alarm"], ["week", "ratio", "low", "harm"]]
        .round(3)
        .to_dict("records"),
        "hours with a false null alarm": f"{int(hours.sum())} of {len(hours)}",
        "faults": broken,
    }
    quiet = weeks.loc[~weeks["shifted"], "alarm"]
    gates = [
        Gate("quiet weeks that fire", float(quiet.mean()), high=0.15),
        Gate("shifted weeks that fire", int(weeks.loc[weeks["shifted"], "alarm"].sum()), low=1),
        Gate("hours with a false null alarm", float(hours.mean()), high=0.01),
        Gate("hours that fire with nothing lost", int(broken["lost"]["nothing"][0]), high=0),
    ]
    tables = {
        "Weeks that each alarm fired in": pd.DataFrame(counts).T,
        "Weeks": weeks.set_index("week").round(3),
        "Faults injected": pd.DataFrame({"hours that fire": broken["lost"]}),
    }
    report = page("Monitor", gates, tables, plots(weeks, level, hours))
    write_text(home / "monitor.html", report)
    write_text(home / "monitor.prom", exposition(weeks, bounds, sky))
    return Result(figures, gates)


def _parts(rows: pd.DataFrame, weeks: pd.DataFrame) -> list[pd.DataFrame]:
    start = pd.to_datetime(rows["day"]).dt.to_period("W").dt.start_time.dt.strftime("%Y-%m-%d")
    return [rows[start == week] for week in weeks["week"]]


def exposition(weeks: pd.DataFrame, bounds: pd.DataFrame, sky: pd.DataFrame) -> str:
    """The newest values as a text file that Prometheus' node exporter picks up."""
    last = weeks.iloc[-1]
    day = sky[sky["observed"] >= sky["observed"].max() - 1440]
    lines = [
        f"late_observed_over_expected_low {last['low']:.4f}",
        f"weather_unit_gap {contract.unit_gap(day):.4f}",
        f"monitor_last_run_seconds {feed.EPOCH.timestamp() + 60 * sky['observed'].max():.0f}",
    ]
    for hour, row in request_bounds(bounds).iterrows():
        lines += [
            f'model_null_bound{{input="{n}",hour="{hour}"}} {b:.3f}'
            for n, b in row.dropna().items()
        ]
    return "\n".join(lines) + "\n"


def request_bounds(bounds: pd.DataFrame) -> pd.DataFrame:
    """The bounds by the hour of the request in UTC, which is what Prometheus knows.

    A request comes `AHEAD` of the local hour that bounds are kept for, the zone has two offsets,
    and the rule looks back an hour: each hour takes the widest bound of those it may see.
    """
    days = [f"{plan.EPOCH[:4]}-{month:02}-01" for month in (1, 7)]
    offsets = {
        int(pd.Timestamp(day, tz=plan.ZONE).utcoffset().total_seconds() // 3600) for day in days
    }
    ahead = AHEAD // 60
    found = {}
    for hour in range(24):
        local = {(hour - back + offset + ahead) % 24 for back in (0, 1) for offset in offsets}
        seen = bounds[bounds.index.isin({one // plan.HOURS * plan.HOURS for one in local})].max()
        found[hour] = seen[seen < 1]
    return pd.DataFrame.from_dict(found, orient="index").rename_axis("hour")


def plots(weeks: pd.DataFrame, level: float, hours: pd.Series) -> Figure:
    """The weekly alarm, the harm that it should find, the hourly alarms by day."""
    from matplotlib.figure import Figure

    figure = Figure((13, 9), layout="constrained")
    above, middle, below = figure.subplots(3, 1, sharex=True)
    day = pd.to_datetime(weeks["week"])
    above.plot(day, weeks["ratio"], "o-", label="observed over expected")
    above.fill_between(day, weeks["low"], weeks["ratio"], alpha=0.3, label="to its lower bound")
    above.axhline(level, color="red", label="alarm where the bound lies above")
    above.legend()
    above.set_ylabel("late flights")
    middle.bar(day, 100 * weeks["harm"], 5, color=np.where(weeks["shifted"], "red", "grey"))
    middle.set_ylabel("cost over a fresh model, %")
    daily = hours.groupby(level="day").sum()
    below.bar(pd.to_datetime(daily.index), daily)
    below.set_ylabel("hours with a null alarm")
    return figure
