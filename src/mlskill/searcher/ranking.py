"""Ranking: evidence as sections, best first, and whether a skill has anything to say at all.

The weights were fitted by ``benchmarks/calibrate.py`` on the development half of the questions in
``benchmarks/data``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from mlskill.searcher.meanings import LARGE, SMALL
from mlskill.searcher.store import SPACE

ALL = 0.999
"""The share of a question, by what its words tell, that is all of it."""
TERM = 3
"""Words that are looked up like a term, not judged like a question, where a document has all."""
DOUBT = -0.5
"""How far the evidence may speak against an answer that says all of the question's words."""
COVERED = 0.8
"""The share that is enough where a skill does not say what it is not for."""
FIT = 1.2
"""Or how much of a question some document must know, by the question's length."""
LENGTH = 0.25
"""How much more a longer question needs: the exponent of what its words could tell."""
NEAR = 0.6
"""Or how near its lines must come."""

LITTLE = 0.1
"""What nearness counts where a document may say nothing of what it is for."""
CLOSE = 0.35
"""How near a section must come that holds no word of the question."""


@dataclass(slots=True)
class Evidence:
    """What speaks for each section and document, and against each skill, by id.

    `ascii` is whether all of the question is. `told` is how much its words tell, in words never
    heard of; one such tells `unheard`. All of it is by the square root of the number of the
    question's words, so that a long question and a short one are measured alike. The rest are
    cosines: `near` and `far` of whatever phrase of the question comes nearest, `near_whole` and
    `far_whole` of all of it. `alike` and `unlike` are what its runs of letters say.
    """

    words: int = 0
    ascii: bool = False
    told: float = 0.0
    unheard: float = 0.0
    sections: dict[int, float] = field(default_factory=dict)
    lines: dict[int, float] = field(default_factory=dict)
    known: dict[int, float] = field(default_factory=dict)
    covered: dict[int, float] = field(default_factory=dict)
    against: dict[int, float] = field(default_factory=dict)
    near: dict[int, float] = field(default_factory=dict)
    near_whole: dict[int, float] = field(default_factory=dict)
    close: dict[int, float] = field(default_factory=dict)
    far: dict[int, float] = field(default_factory=dict)
    far_whole: dict[int, float] = field(default_factory=dict)
    alike: dict[int, float] = field(default_factory=dict)
    unlike: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence counts, for the order and for whether anything fits."""

    section: float
    lines: float
    near: float
    close: float
    alike: float
    fit: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tops:
    """The most that speaks for any document, by skill."""

    known: dict[int, float]
    covered: dict[int, float]
    lines: dict[int, float]
    near: dict[int, float]
    near_whole: dict[int, float]
    alike: dict[int, float]


def tops(found: Evidence) -> Tops:
    """Each kind of evidence, gone through once however many skills there are."""
    kinds = (found.known, found.covered, found.lines, found.near, found.near_whole, found.alike)
    return Tops(*map(_most, kinds))


def _most(values: dict[int, float]) -> dict[int, float]:
    best: dict[int, float] = defaultdict(float)
    for key, value in values.items():
        best[key // SPACE] = max(value, best[key // SPACE])
    return best


def features(found: Evidence, most: Tops, skill: int) -> tuple[float, ...]:
    """What speaks for and against an answer by one skill, as `Weights.fit` weighs it."""
    return (
        1.0,
        most.known[skill],
        most.covered[skill],
        most.lines[skill],
        found.against.get(skill, 0.0),
        most.near[skill],
        found.far.get(skill, 0.0),
        most.near_whole[skill],
        found.far_whole.get(skill, 0.0),
        math.log1p(found.words),
        most.alike[skill],
        found.unlike.get(skill, 0.0),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A section that may answer, by its id and its document's, and how well it does."""

    section: int
    document: int
    score: float


def rank(
    found: Evidence, owners: dict[int, int], weights: Weights, meaning: float = 1.0
) -> list[Found]:
    """The sections of `owners` (their documents) that may answer, best first.

    `meaning` is what nearness counts: little where not every document says at length what it is
    for, since then the one that does would always be the nearest.
    """
    whole = {
        document: weights.lines * found.lines.get(document, 0.0)
        + meaning * weights.near * found.near.get(document, 0.0)
        + meaning * weights.alike * found.alike.get(document, 0.0)
        for document in set(owners.values())
    }
    ranked = [
        Found(
            section,
            document,
            weights.section * found.sections.get(section, 0.0)
            + whole[document]
            + meaning * weights.close * found.close.get(section, 0.0),
        )
        for section, document in owners.items()
    ]
    ranked.sort(key=lambda one: (-one.score, one.section))
    return ranked


def fits(found: Evidence, most: Tops, skill: int, weights: Weights) -> bool:
    """Whether the skill has an answer.

    A skill that says at length what it is for and what not is judged by both; of another one the
    words must say it: all of them in one document, or enough of the rare ones.
    """
    all_said = most.covered[skill] > ALL
    judged = skill in found.far
    if all_said and (not judged or found.words <= TERM):
        return True
    if judged and found.ascii and not found.known and not found.lines:
        return False  # not one word of it was ever heard of: noise is near to anything
    if judged:
        values = features(found, most, skill)
        sure = sum(a * b for a, b in zip(weights.fit, values, strict=True))
        return sure > (DOUBT if all_said else 0)
    scale = math.sqrt(max(4, found.words))
    enough = FIT * (found.told**LENGTH or 1.0) * found.unheard
    return (
        most.covered[skill] >= COVERED
        or most.known[skill] * scale >= enough > 0
        or most.near_whole[skill] >= NEAR
    )


WEIGHTS_OF = {
    SMALL: Weights(
        *(0.49, 1.07, 17.90, 1.09, 0.09),
        (0.36, 0.38, -0.46, 0.04, -0.53, 9.54, -8.98, 6.80, -11.14, 0.37, 0.10, -0.46),
    ),
    LARGE: Weights(
        *(0.37, 0.98, 18.63, 5.25, 0.09),
        (-2.46, 0.20, -1.13, 0.04, -0.37, 12.54, -6.25, 11.73, -14.92, 0.57, 0.07, -0.40),
    ),
}
"""The weights for each model that says what a text means."""
