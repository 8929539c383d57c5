"""Ranking: evidence as sections, best first, and whether a skill has anything to say at all.

The weights were fitted by ``benchmarks/calibrate.py`` on the development half of the questions in
``benchmarks/data``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from mlskill.searcher.meanings import LARGE, SMALL
from mlskill.searcher.store import SPACE

@dataclass(slots=True)
class Evidence:
    """What speaks for each section and document, and against each skill, by id.

    All of it is by the square root of the number of the question's words, so that a long question
    and a short one are measured alike. The rest are cosines: `near` and `far` of whatever phrase of
    the question comes nearest, `near_whole` and `far_whole` of all of it.
    """

    words: int = 0
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


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence counts, for the order and for whether anything fits."""

    section: float
    lines: float
    near: float
    close: float
    fit: tuple[float, ...]


def features(found: Evidence, skill: int) -> tuple[float, ...]:
    """What speaks for and against an answer by one skill, as `Weights.fit` weighs it."""

    def most(values: dict[int, float]) -> float:
        return max((v for key, v in values.items() if key // SPACE == skill), default=0.0)

    return (
        1.0,
        most(found.known),
        most(found.covered),
        most(found.lines),
        found.against.get(skill, 0.0),
        most(found.near),
        found.far.get(skill, 0.0),
        most(found.near_whole),
        found.far_whole.get(skill, 0.0),
        math.log1p(found.words),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A section that may answer, by its id and its document's, and how well it does."""

    section: int
    document: int
    score: float


def rank(found: Evidence, owners: dict[int, int], weights: Weights) -> list[Found]:
    """The sections of `owners` (their documents) that may answer, best first."""
    whole = {
        document: weights.lines * found.lines.get(document, 0.0)
        + weights.near * found.near.get(document, 0.0)
        for document in set(owners.values())
    }
    ranked = [
        Found(
            section,
            document,
            weights.section * found.sections.get(section, 0.0)
            + whole[document]
            + weights.close * found.close.get(section, 0.0),
        )
        for section, document in owners.items()
    ]
    ranked.sort(key=lambda one: (-one.score, one.section))
    return ranked


def fits(found: Evidence, skill: int, weights: Weights) -> bool:
    """Whether the skill has an answer."""
    return sum(a * b for a, b in zip(weights.fit, features(found, skill), strict=True)) > 0


WEIGHTS_OF = {
    SMALL: Weights(0.66, 0.58, 16.72, 1.0, (-5.15, 0.07, 1.38, 0.60, -1.88, 11.82, 8.97, -1.10, -13.88, 1.07)),
    LARGE: Weights(0.73, 1.14, 8.0, 5.0, (0.25, -0.03, 2.02, 0.93, -2.78, 0.0, 0.0, 0.0, 0.0, 0.0)),
}
"""The weights for each model that says what a text means."""
