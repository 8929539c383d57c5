"""What do the alerts that somebody can handle find, counted only where the truth is known?

Call `seen = within_budget(score, bad, day, 20, late=60, entity=card)`.

Copy the file; it needs numpy only. `within_budget` takes, for each day, the highest scored cases
that the team can look at (an entity counts once a day), leaves out days whose labels are not in
yet, and sets precision beside the base rate. `missed` estimates what nobody looked at from a random
audit; labels that exist only for alerts cannot tell it. Change `per_day`, and `late` to the time
after which nearly all labels have come.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Budget:
    """What the daily alerts found, with 95 % intervals over days."""

    precision: float
    low: float
    high: float
    base_rate: float
    """Share of bad cases: what random alerts would find."""
    found: float
    """Share of the known bad cases that were alerted; flattering if only alerts get labels."""
    days: int
    waiting: int
    """Days left out because their labels are not in."""


def within_budget(
    score: npt.ArrayLike,
    bad: npt.ArrayLike,
    day: npt.ArrayLike,
    per_day: int,
    *,
    late: int,
    today: int | None = None,
    entity: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Budget:
    """Score the `per_day` top entities of each day; days are whole numbers.

    `today` is the last day seen, and each row an entity of its own, unless you say otherwise.

    Raises ValueError when no day is old enough, or a score is not a number.
    """
    scores, truth = np.asarray(score, float), np.asarray(bad, bool)
    days = np.asarray(day)
    names = np.arange(len(days)) if entity is None else np.asarray(entity)
    today = int(days.max(initial=0)) if today is None else today
    if np.isnan(scores).any():
        raise ValueError("a score is not a number: would that case be alerted?")
    rng = np.random.default_rng(seed)
    hits, alerts, cases, positives = [], [], [], []
    waiting = 0
    for one in np.unique(days):
        if one + late > today:
            waiting += 1
            continue
        rows = np.flatnonzero(days == one)
        rows = rng.permutation(rows)  # ties in no order, certainly not in that of the labels
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        _, firsts, member = np.unique(names[rows], return_index=True, return_inverse=True)
        guilty = np.bincount(member, truth[rows]) > 0
        order = np.argsort(firsts)[:per_day]  # each entity by its highest score
        hits.append(guilty[order].sum())
        alerts.append(len(order))
        cases.append(len(firsts))
        positives.append(guilty.sum())
    if not hits:
        raise ValueError("no day is old enough: all labels are still on their way")
    hit, alert, case, positive = (np.array(v, float) for v in (hits, alerts, cases, positives))
    precision = hit.sum() / alert.sum()
    off = hit - precision * alert  # a ratio of sums: its spread over days
    reach = 2.0 * sqrt(len(hit) / max(len(hit) - 1, 1) * (off**2).sum()) / alert.sum()
    return Budget(
        float(precision), float(precision - reach), float(precision + reach),
        float(positive.sum() / case.sum()), float(hit.sum() / max(positive.sum(), 1)),
        len(hit), waiting,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Missed:
    """Share of all bad cases that the alerts caught, estimated with a random audit."""

    recall: float
    low: float
    high: float


def missed(confirmed: int, audited: int, audited_bad: int, not_alerted: int) -> Missed:
    """`audited` cases, drawn at random among the `not_alerted`, of which `audited_bad` were bad.

    Raises ValueError without an audit: then recall is not known.
    """
    if audited == 0:
        raise ValueError("nobody looked at cases without an alert: recall is not known")
    at = (audited_bad + 2) / (audited + 4)  # Agresti and Coull: also honest when none was bad
    reach = 2 * sqrt(at * (1 - at) / (audited + 4))
    low, high = max(at - reach, 0.0) * not_alerted, min(at + reach, 1.0) * not_alerted
    middle = audited_bad / audited * not_alerted

    def recall(lost: float) -> float:
        return confirmed / (confirmed + lost) if confirmed + lost else 0.0

    return Missed(recall(middle), recall(high), recall(low))
