"""Is the ranking good - of products for a user, or of passages for a question?

Call `ranking(found, relevant, k=10).recall.mean()`.

Copy the file; it needs numpy only. Give what the system returned and what is relevant, both by
query: ``ranking({"u1": ["a", "b"]}, {"u1": {"b"}}, k=10).recall.mean()``, scores by item instead of
a list, grades instead of a set, or matrices (users, items) through `by_row`. Relevant items that
were never returned count as missed, queries without an answer as 0, and ties are scored as in
random order (a constant score must not win). Change `k` to what is really shown, or read by the
generator. `weight` takes one over the chance that an item was shown, so that popular items do not
win because they were shown; `seen` holds what must not be recommended again.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """One value per query that has something relevant, in the order of `queries`."""

    queries: tuple[Hashable, ...]
    recall: Array
    """With weights a query's share of a pooled recall: only its mean means something."""
    ndcg: Array
    unanswered: int
    """Queries with something relevant for which nothing came back."""
    tied: float
    """Share of queries whose k-th place is a tie: with many, the order in the file decides."""
    unjudged: float
    """Share of the top k that nobody judged; above a tenth, judge them before you compare."""
    coverage: int
    """How many different items the top k of all queries show."""


def by_row(values: npt.ArrayLike) -> dict[Hashable, dict[Hashable, float]]:
    """A matrix as `ranking` wants it: values by number of row and column."""
    return {u: dict(enumerate(row)) for u, row in enumerate(np.asarray(values, float).tolist())}


def ranking(
    found: Mapping[Hashable, Mapping[Hashable, float] | Sequence[Hashable]],
    relevant: Mapping[Hashable, Mapping[Hashable, float] | Collection[Hashable]],
    k: int,
    weight: Mapping[Hashable, float] | None = None,
    seen: Mapping[Hashable, Collection[Hashable]] | None = None,
) -> Ranking:
    """Recall and nDCG at `k`; `found` has scores, or items from best to worst.

    `relevant` has grades (0: judged, not relevant), or the items that are.

    Raises ValueError when no query has anything relevant, or a score is not a number.
    """
    queries, recall, ndcg, ties, shown, unjudged = [], [], [], 0, 0, 0
    unanswered, items, totals = 0, set(), []
    discount = 1 / np.log2(np.arange(2, k + 2))
    for query, judged in relevant.items():
        grades = judged if isinstance(judged, Mapping) else dict.fromkeys(judged, 1.0)
        wanted = {item: grade for item, grade in grades.items() if grade > 0}
        if not wanted:
            continue
        hidden = (seen or {}).get(query, ())
        given = found.get(query, {})
        if not isinstance(given, Mapping):
            places = reversed(
                list(enumerate(given))
            )  # of an item that comes twice the first counts
            given = {item: -float(place) for place, item in places}
        answer = {item: s for item, s in given.items() if item not in hidden}
        if any(score != score for score in answer.values()):
            raise ValueError(f"{query}: a score is not a number")
        unanswered += not answer
        names = sorted(answer, key=lambda item: -answer[item])
        scores = np.array([answer[item] for item in names])
        each = np.array([(weight or {}).get(item, 1.0) for item in names])
        hit = np.array([item in wanted for item in names], float)
        gain = np.array([2.0 ** wanted.get(item, 0.0) - 1 for item in names])
        # An item takes the mean of all places that its tie covers.
        chance, worth = np.zeros(len(names)), np.zeros(len(names))
        for score in np.unique(scores[: k + 1]):
            places = np.flatnonzero(scores == score)
            inside = places[places < k]
            chance[places] = len(inside) / len(places)
            worth[places] = discount[inside].sum() / len(places)
        ties += len(names) > k and bool(scores[k - 1] == scores[k])
        totals.append(sum((weight or {}).get(item, 1.0) for item in wanted))
        ideal = np.sort([2.0**grade - 1 for grade in wanted.values()])[::-1][:k]
        queries.append(query)
        recall.append(float((hit * each * chance).sum()))
        ndcg.append(float((gain * worth).sum() / (ideal * discount[: len(ideal)]).sum()))
        items |= set(names[:k])
        shown += len(names[:k])
        unjudged += sum(item not in grades for item in names[:k])
    if not queries:
        raise ValueError("no query has anything relevant")
    # Weighted queries are pooled: divided one by one, a single rare item would count for little.
    total = np.array(totals) if weight is None else np.full(len(totals), np.mean(totals))
    return Ranking(
        tuple(queries), np.array(recall) / total, np.array(ndcg), unanswered,
        ties / len(queries), unjudged / max(shown, 1), len(items),
    )  # fmt: skip
