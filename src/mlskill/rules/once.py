"""once: what several rules want to know of one skill, found out for the first that asks.

The answer is kept in the skill itself, as `functools.cached_property` would: it goes when the skill
goes, and a copy with other contents starts without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from mlskill.model import Skill

T = TypeVar("T")


def once(compute: Callable[[Skill], T]) -> Callable[[Skill], T]:
    """`compute`, run once for each skill. Its answer must not refer to the skill: that leaks."""
    key = f"{compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def answer(skill: Skill) -> T:
        kept = vars(skill)
        if key not in kept:
            kept[key] = compute(skill)
        found: T = kept[key]
        return found

    return answer
