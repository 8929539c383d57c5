"""Runs: letters as they follow one another, and whose lines have them.

How much more a question resembles the lines of one document than those of all others: Complement
Naive Bayes (Rennie et al. 2003) over runs of five letters, which reach across words.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from mlskill.searcher.words import words

LENGTH = 5
LONGEST = 2_000
"""Characters of a text that are read."""
ALL = ""
"""Stands, where runs are counted, for all of them together."""


def runs(text: str) -> set[str]:
    """The different runs of `text`.

    >>> sorted(runs("It hangs"))
    [' hang', ' it h', 'angs ', 'hangs', 'it ha', 't han']
    """
    said = f" {' '.join(words(text[:LONGEST]))} "
    return {said[at : at + LENGTH] for at in range(len(said) - LENGTH + 1)}


def count(lines: Iterable[tuple[int, str]]) -> dict[str, Counter[int]]:
    """By run and owner, in how many of the owner's lines it stands."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for owner, text in lines:
        mine = runs(text)
        found[ALL][owner] += len(mine)
        for run in mine:
            found[run][owner] += 1
    return found


def alike(counts: Mapping[str, Mapping[int, int]]) -> dict[int, float]:
    """How much each owner's lines resemble a text whose runs have these `counts`.

    As logarithms of a likelihood, of which the mean is taken away.
    """
    owned = counts.get(ALL, {})
    total, runs_known = sum(owned.values()), len(counts) - 1
    found = {owner: runs_known * math.log(max(1, total - lines)) for owner, lines in owned.items()}
    for run, lines in counts.items():
        every = sum(lines.values()) + 1
        for owner, some in lines.items() if run != ALL else ():
            found[owner] -= math.log((every - some) / every)
    mean = sum(found.values()) / (len(found) or 1)
    return {owner: value - mean for owner, value in found.items()}
