"""A dip of five seconds: with plain retries it never ends, with the guard it does."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest
from guarded_call import Guard


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


async def fine():
    return "score"


async def broken():
    raise ConnectionError


def default():
    return "default"


def simulate(admit, record, seconds=120, capacity=100, load=90, deadline=1.0):
    """Answers in time for each second. The server works through its queue, also for who has left.

    `admit(again, now)` decides on calls and retries; `record(good, now)` hears how they ended.
    """
    queue, ends, good = deque(), deque(), [0] * seconds
    tick = 1 / capacity
    for step in range(seconds * capacity):
        now = step * tick
        if step * load // capacity != (step - 1) * load // capacity and admit(False, now):
            queue.append(call := [now, 0, False])
            ends.append((now + deadline, call))
        if not 20 <= now < 25 and queue:
            call = queue.popleft()
            if now - call[0] <= deadline:
                call[2] = True
                good[int(now)] += 1
        while ends and ends[0][0] <= now:
            _, call = ends.popleft()
            record(call[2], now)
            if not call[2] and call[1] < 3 and admit(True, now):
                queue.append(again := [now, call[1] + 1, False])
                ends.append((now + deadline, again))
    return good


def test_plain_retries_never_recover():
    good = simulate(lambda again, now: True, lambda good, now: None)
    assert good[15] == 90
    assert good[110] == 0


def test_the_guard_recovers_within_seconds():
    time = [0.0]
    guard = Guard(clock=lambda: time[0], pause=2.0)

    def at(now, function, *args):
        time[0] = now
        return function(*args)

    good = simulate(
        lambda again, now: at(now, guard.admit, again), lambda ok, now: at(now, guard.record, ok)
    )
    assert good[15] == 90
    assert min(good[40:]) >= 85


def test_a_good_call_is_passed_through_and_a_bad_one_falls_back():
    async def main():
        guard = Guard()
        return await guard(fine, default), await guard(broken, default), guard.fallback_share

    assert run(main()) == (("score", "model"), ("default", "fallback"), 0.5)


def test_a_slow_call_falls_back():
    async def main():
        return await Guard(deadline=0.02, retries=0)(asyncio.Event().wait, default)

    assert run(main()) == ("default", "fallback")


def test_a_bad_input_is_the_callers_fault():
    async def refuses():
        raise ValueError("age < 0")

    async def main():
        guard = Guard(window=4, ours=(ValueError,))
        for _ in range(20):
            with pytest.raises(ValueError, match="age"):
                await guard(refuses, default)
        return guard

    guard = run(main())
    assert not guard.open
    assert guard.fallbacks == 0


def test_retries_are_a_share_of_the_calls():
    async def main():
        sent = [0]

        async def count():
            sent[0] += 1
            raise ConnectionError

        guard = Guard(retries=0.1, share=2.0)
        for _ in range(200):
            await guard(count, default)
        return sent[0]

    assert 200 < run(main()) <= 222


def test_the_breaker_opens_probes_once_and_closes():
    time, sent = [0.0], []

    async def watched():
        sent.append(time[0])
        raise ConnectionError

    async def main():
        guard = Guard(clock=lambda: time[0], window=4, pause=5.0, retries=0)
        for _ in range(10):
            await guard(watched, default)
        assert guard.open
        before = len(sent)
        time[0] = 6.0
        await asyncio.gather(*(guard(watched, default) for _ in range(5)))
        assert len(sent) == before + 1
        time[0] = 12.0
        assert await guard(fine, default) == ("score", "model")
        assert not guard.open

    run(main())
