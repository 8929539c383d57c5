"""Counts, sums and recency over a window before each request, equal online and in training data.

Call `w.add(key, Event(time, id), arrival)` and `w.read(key, now).number` of `w = Windows(3600)`.

Copy the file; it needs the standard library only. `Windows` is the online state, one call per
event; `replay` feeds the log through it in order of arrival and returns what serving would have
said, which is the training data. Change `length` and what `read` computes. Times are seconds since
the epoch. An event at the very moment of the request does not count.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from math import fsum, nan
from typing import NamedTuple


class Event(NamedTuple):
    """Something that happened at `time`, with an id that every delivery of it repeats."""

    time: float
    id: Hashable
    value: float = 1.0


class Features(NamedTuple):
    """What the events of the window say; mean and seconds are nan if there are none."""

    number: int
    total: float
    mean: float
    seconds_since: float


@dataclass(slots=True)
class Windows:
    """Per key the events of the last `length` seconds, in order of their time."""

    length: float
    skew: float = 60.0
    """Seconds by which a sender's clock may be ahead of ours."""
    refused: int = 0
    """Events from further in the future: alert on them, they are in no feature."""
    events: dict[Hashable, list[Event]] = field(default_factory=dict)

    def add(self, key: Hashable, event: Event, arrival: float) -> bool:
        """Whether the event can count: not if it came before, too late or from the future."""
        if event.time > arrival + self.skew:
            self.refused += 1
            return False
        held = self.events.setdefault(key, [])
        # By our clock: one event with a wrong time must not push out all others.
        del held[: bisect_left(held, (arrival - self.length,))]
        if event.time < arrival - self.length:
            return False
        place = bisect_left(held, (event.time, event.id))
        if held[place : place + 1] and held[place][:2] == event[:2]:
            return False
        held.insert(place, event)
        return True

    def read(self, key: Hashable, now: float) -> Features:
        """The features of `key` at `now`, from events in [now - length, now)."""
        held = self.events.get(key, [])
        inside = held[bisect_left(held, (now - self.length,)) : bisect_left(held, (now,))]
        if not inside:
            return Features(0, 0.0, nan, nan)
        # A running sum that adds and subtracts keeps its rounding errors for ever.
        total = fsum(event.value for event in inside)
        return Features(len(inside), total, total / len(inside), now - inside[-1].time)

    def sweep(self, now: float) -> None:
        """Forget keys that no request at `now` or later can need."""
        old = (now - self.length,)
        for key in [
            key for key, held in self.events.items() if bisect_left(held, old) == len(held)
        ]:
            del self.events[key]


def replay(
    windows: Windows,
    events: Iterable[tuple[float, Hashable, Event]],
    requests: Iterable[tuple[float, Hashable]],
) -> list[Features]:
    """What `windows` would have said to each (time, key), in the order of `requests`.

    `events` are (arrival, key, event): one that arrived at the moment of a request or later does
    not count for it, whenever it happened.
    """
    asked, arrivals = list(requests), sorted(events, key=lambda arrived: arrived[0])
    answers: list[Features] = [Features(0, 0.0, nan, nan)] * len(asked)
    fed = 0
    for row in sorted(range(len(asked)), key=lambda row: asked[row][0]):
        now, key = asked[row]
        while fed < len(arrivals) and arrivals[fed][0] < now:
            windows.add(arrivals[fed][1], arrivals[fed][2], arrivals[fed][0])
            fed += 1
        answers[row] = windows.read(key, now)
    return answers
