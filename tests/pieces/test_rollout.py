"""The faults of rollouts: users who see both models, gates that guess, shadows that hurt."""

from __future__ import annotations

import asyncio
import random

import pytest
from rollout import Shadow, arm, verdict

USERS = [f"user-{i}" for i in range(20_000)]


def test_the_share_is_kept_and_only_grows():
    small = {u for u in USERS if arm(u, "a", 0.05) == "new"}
    large = {u for u in USERS if arm(u, "a", 0.25) == "new"}
    assert small < large
    assert abs(len(small) / len(USERS) - 0.05) < 0.01
    assert {arm(u, "a", 0.0) for u in USERS} == {"old"}
    assert {arm(u, "a", 1.0) for u in USERS} == {"new"}


def test_another_salt_meets_other_users():
    first = [arm(u, "a", 0.5) == "new" for u in USERS]
    second = [arm(u, "b", 0.5) == "new" for u in USERS]
    assert abs(sum(map(bool.__and__, first, second)) / len(USERS) - 0.25) < 0.02


def rollout(rng, old_rate, new_rate, looks=20, users=500):
    """The first word other than "wait" in `looks` looks, each after `users` more an arm."""
    old = new = n = 0
    for _ in range(looks):
        n += users
        old += draw(rng, users, old_rate)
        new += draw(rng, users, new_rate)
        said = verdict(old, n, new, n, margin=0.01, looks=looks).say
        if said != "wait":
            return said
    return "wait"


def draw(rng, n, p):
    return sum(rng.random() < p for _ in range(n))


@pytest.mark.parametrize(
    ("new_rate", "wrong", "right", "at_least"),
    [
        (0.02, "roll back", "promote", 0.9),
        (0.05, "promote", "roll back", 0.95),
        (0.035, "promote", "roll back", 0.3),
    ],
)
def test_few_wrong_words_in_twenty_looks(new_rate, wrong, right, at_least):
    rng = random.Random(0)
    said = [rollout(rng, 0.02, new_rate) for _ in range(60)]
    assert said.count(wrong) / len(said) <= 0.05
    assert said.count(right) / len(said) >= at_least


def test_a_bare_threshold_guesses():
    """The quick gate on 200 requests, "at most 3 % errors"."""
    rng = random.Random(0)
    passed = sum(draw(rng, 200, 0.05) <= 6 for _ in range(500)) / 500
    blocked = sum(draw(rng, 200, 0.02) > 6 for _ in range(500)) / 500
    assert passed > 0.08
    assert blocked > 0.08


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (0, 20, 0, 20), (1, 50, 0, 3)])
def test_too_few_say_wait(counts):
    assert verdict(*counts, margin=0.01, looks=20).say == "wait"


def test_a_model_that_fails_always_is_rolled_back_at_the_first_look():
    assert verdict(0, 30, 30, 30, margin=0.01, looks=100).say == "roll back"


def test_impossible_counts_raise():
    with pytest.raises(ValueError, match="5 bad of 4"):
        verdict(0, 10, 5, 4, margin=0.01, looks=1)


def test_a_shadow_never_delays_or_fails_the_answer():
    async def main():
        stuck = asyncio.Event()

        async def candidate(row):
            if row == "raises":
                raise ValueError(row)
            if row == "hangs":
                await stuck.wait()
            return row

        shadow = Shadow(candidate, lambda a, b: a != b, limit=3, timeout=0.1)
        for row, answer in [("raises", 1), ("hangs", 2), ("same", "same"), ("too many", 4)]:
            shadow.mirror(row, answer)
        await shadow.drain()
        shadow.mirror("other", "same")
        await shadow.drain()
        return shadow

    shadow = asyncio.run(asyncio.wait_for(main(), 10))
    assert (shadow.mirrored, shadow.different, shadow.failed, shadow.dropped) == (2, 1, 2, 1)
