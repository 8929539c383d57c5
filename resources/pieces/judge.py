"""What would people have said, when a language model judged most answers and people only a few?

Call `seen = corrected(judge, human)` and `prefer(judge, questions, first, second)`.

Copy the file; it needs numpy only. `corrected` takes the judge's verdicts on all answers (0 or 1,
or grades) and those of people, nan where nobody looked; the few human ones correct the judge's
leniency and give an honest interval. For two systems pass differences per question, so that a judge
that likes one of them (longer, its own family) is corrected too. `prefer` asks a judge for pairs in
both orders. Change nothing; draw the human part at random, not where the judge was unsure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Judged:
    """The corrected mean with a 95 % interval."""

    value: float
    low: float
    high: float
    raw: float
    """What the judge alone says."""
    lenient: float
    """How much higher the judge is than people on the same answers."""
    agreement: float
    """Correlation of both; near 0 the judge is worth no label: fix the rubric first."""


def corrected(judge: npt.ArrayLike, human: npt.ArrayLike) -> Judged:
    """The mean that people would have given; one entry per answer, `human` nan where nobody looked.

    Raises ValueError below 30 answers seen by both.
    """
    everything, people = np.asarray(judge, float), np.asarray(human, float)
    if everything.shape != people.shape:
        raise ValueError(f"{everything.shape} verdicts of the judge, {people.shape} of people")
    looked = ~np.isnan(people)
    rest, both, people = everything[~looked], everything[looked], people[looked]
    if len(people) < 30:
        raise ValueError("at least 30 answers with both verdicts are needed, a random part of all")
    flat = both.std() == 0 or people.std() == 0
    agreement = 0.0 if flat else float(np.corrcoef(both, people)[0, 1])
    # How far to trust the judge: 1 takes all verdicts at face value before correcting, 0 drops it.
    spread = float(both.var(ddof=1))
    trust = 0.0 if flat else float(np.cov(both, people)[0, 1]) / spread
    trust *= len(rest) / len(everything)
    value = people.mean() + trust * (rest.mean() - both.mean()) if len(rest) else people.mean()
    noise = float((people - trust * both).var(ddof=1)) / len(people)
    if len(rest) > 1:
        noise += trust**2 * float(rest.var(ddof=1)) / len(rest)
    reach = 2.0 * sqrt(noise)
    return Judged(
        float(value), float(value) - reach, float(value) + reach,
        float(everything.mean()), float((both - people).mean()), agreement,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preference:
    """Pairs won by the first system when both orders agree, and how often they do not."""

    first: int
    second: int
    undecided: int
    """The judge changed its mind with the order: a tie."""
    first_place: float
    """Share of all questions in which the answer shown first won; 0.5 is a judge without bias."""


def prefer(
    judge: Callable[[str, str, str], bool],
    questions: Sequence[str],
    first: Sequence[str],
    second: Sequence[str],
) -> Preference:
    """Ask `judge(question, shown first, shown second)`, true if the one shown first is better."""
    wins, losses, undecided, front = 0, 0, 0, 0
    for question, a, b in zip(questions, first, second, strict=True):
        forward, backward = bool(judge(question, a, b)), bool(judge(question, b, a))
        front += forward + backward
        wins += forward and not backward
        losses += backward and not forward
        undecided += forward == backward
    return Preference(wins, losses, undecided, front / (2 * len(questions)))
