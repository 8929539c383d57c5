"""Entity F1 as a reader would count: type and both ends right, or nothing.

Call `entity_f1(gold, guess)["all"]`.

Copy the file; it needs nothing. Tags are IOB2: an entity begins with `B-`; an `I-` that continues
none opens none, where lenient scorers open one and score higher. Change `entities` for another
scheme, and name the scheme beside the number: two tools rarely mean the same.
"""

from __future__ import annotations

from collections.abc import Sequence

Span = tuple[int, int, str]


def entities(tags: Sequence[str]) -> set[Span]:
    """Start, end (exclusive) and type of each entity."""
    found: set[Span] = set()
    start: int | None = None
    for place, tag in enumerate([*tags, "O"]):
        if start is not None and tag != f"I-{tags[start][2:]}":
            found.add((start, place, tags[start][2:]))
            start = None
        if tag.startswith("B-"):
            start = place
    return found


def entity_f1(gold: Sequence[Sequence[str]], guess: Sequence[Sequence[str]]) -> dict[str, float]:
    """F1 of each type and of all together (`"all"`); 0 for a type that is never right.

    Raises ValueError when the sentences do not match: a truncated text would look like silence.
    """
    right: dict[str, int] = {"all": 0}
    total: dict[str, int] = {"all": 0}
    for a, b in zip(gold, guess, strict=True):
        if len(a) != len(b):
            raise ValueError(f"{len(a)} gold tags, {len(b)} guessed: was the text cut?")
        wanted, given = entities(a), entities(b)
        for group, count in ((wanted & given, right), (wanted, total), (given, total)):
            for _, _, kind in group:
                count[kind] = count.get(kind, 0) + 1
                count["all"] += 1
    return {kind: 2 * right.get(kind, 0) / max(total[kind], 1) for kind in total}
