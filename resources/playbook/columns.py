"""The model's inputs: one table that training, API, parity test and monitor all read.

Change: the rows. `low` and `high` are bounds of the possible, not of the usual; the API refuses
what lies outside them. A unit belongs into a name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """An input, its range, and whether it may be missing."""

    name: str
    low: float
    high: float
    nullable: bool = True


MINUTES = 3000.0
TEXT = 8
"""Letters that a category may have."""
CATEGORIES = ("carrier", "origin", "dest")
NUMBERS = (
    # the plan
    Column("hour", 0, 23, nullable=False),
    Column("weekday", 0, 6, nullable=False),
    Column("distance_mi", 10, 6000, nullable=False),
    Column("planned_min", 10, 1500, nullable=False),
    # weather at the origin, observed an hour or more before the decision
    Column("temp_f", -40, 130),
    Column("dewp_f", -60, 100),
    Column("humid_pct", 0, 100),
    Column("wind_mph", 0, 120),
    Column("gust_mph", 0, 180),
    Column("precip_in", 0, 5),
    Column("pressure_mb", 900, 1100),
    Column("visib_mi", 0, 20),
    # the same aircraft's previous departure from New York
    Column("leg_gap_min", 0, 30000),
    Column("leg_dep_delay_min", -120, MINUTES),
    Column("leg_arr_delay_min", -200, MINUTES),
    Column("leg_overdue_min", 0, MINUTES),
    # what the airport, the carrier and the destination have just seen
    Column("origin_departed_1h", 0, 200, nullable=False),
    Column("origin_delay_1h_min", -120, MINUTES),
    Column("origin_delay_3h_min", -120, MINUTES),
    Column("origin_backlog_3h", -300, 300, nullable=False),
    Column("city_delay_1h_min", -120, MINUTES),
    Column("carrier_delay_3h_min", -120, MINUTES),
    Column("dest_arr_delay_3h_min", -200, MINUTES),
    # shares of late flights over 28 days, from outcomes known by then
    Column("rate_all_28d", 0, 1),
    Column("rate_route_28d", 0, 1),
    Column("rate_carrier_28d", 0, 1),
    Column("rate_hour_28d", 0, 1),
    Column("rate_flight_28d", 0, 1),
)
NAMES = (*CATEGORIES, *(column.name for column in NUMBERS))
