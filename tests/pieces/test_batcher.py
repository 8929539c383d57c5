"""The faults that batchers have: a poison row, late work, lost callers, a model that lies."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import Counter

import pytest
from batcher import Batcher, InvalidAnswerError, OverloadedError, isolate
from hypothesis import given
from hypothesis import strategies as st


def double(rows):
    """As most models: one NaN and the whole call fails."""
    if any(math.isnan(row) for row in rows):
        raise ValueError("NaN")
    return [2 * row for row in rows]


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


async def ask_all(ask, rows, timeout=10.0):
    return await asyncio.gather(*(ask(row, timeout) for row in rows), return_exceptions=True)


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(math.nan)), max_size=70))
def test_exactly_the_bad_rows_fail(rows):
    calls = Counter()

    def counted(part):
        calls["all"] += 1
        return double(part)

    answers = isolate(counted, rows)
    assert len(answers) == len(rows)
    for row, answer in zip(rows, answers, strict=True):
        assert isinstance(answer, ValueError) if math.isnan(row) else answer == 2 * row
    bad = sum(map(math.isnan, rows))
    if rows:
        assert calls["all"] <= 1 + 2 * bad * math.ceil(math.log2(len(rows) + 1))


def test_a_model_that_eats_its_list_is_halved_all_the_same():
    def eats(rows):
        answers = []
        while rows:
            answers.append(double([rows.pop(0)])[0])
        return answers

    first, second, third = isolate(eats, [1.0, math.nan, 3.0])
    assert (first, third) == (2.0, 6.0)
    assert isinstance(second, ValueError)


def test_a_silent_poison_fails_alone_too():
    def spreads(rows):  # a mean over the batch carries the NaN to everybody
        mean = sum(rows) / len(rows)
        return [row - mean + mean for row in rows]

    naive = spreads([1.0, math.nan, 3.0])
    assert all(map(math.isnan, naive))
    first, second, third = isolate(spreads, [1.0, math.nan, 3.0], valid=math.isfinite)
    assert (first, third) == (1.0, 3.0)
    assert isinstance(second, InvalidAnswerError)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (lambda rows: [1.0], RuntimeError),  # one answer for all
        (lambda rows: [*rows, 0.0], RuntimeError),
        (lambda rows: next(iter(())), RuntimeError),  # StopIteration would hang its caller
        (lambda rows: None, TypeError),
    ],
)
def test_a_broken_model_is_an_error_for_everybody_and_the_server_lives(model, kind):
    async def main():
        state = {"model": model}
        async with Batcher(lambda rows: state["model"](rows), max_wait=0.05) as ask:
            answers = await ask_all(ask, [1.0, 2.0] if kind is not TypeError else [1.0])
            state["model"] = double
            return answers, await ask(4.0, 5.0)

    answers, after = run(main())
    assert after == 8.0
    wrong = [a for a in answers if not isinstance(a, kind)]
    assert wrong in ([], [1.0, 1.0])  # one answer is right for a row that is alone


def test_requests_are_served_together_and_a_poison_row_fails_alone():
    sizes = []

    def model(rows):
        sizes.append(len(rows))
        return double(rows)

    async def main():
        async with Batcher(model, max_size=32, max_wait=1.0) as ask:
            rows = [float(i) for i in range(32)]
            rows[13] = math.nan
            return await ask_all(ask, rows)

    answers = run(main())
    assert sizes[0] == 32
    assert len(sizes) == 11
    assert isinstance(answers[13], ValueError)
    assert [a for i, a in enumerate(answers) if i != 13] == [2.0 * i for i in range(32) if i != 13]


def test_the_event_loop_is_free_while_the_model_works_and_overload_is_said_at_once():
    go, started = threading.Event(), threading.Event()

    def slow(rows):
        started.set()
        assert go.wait(10)
        return rows

    async def main():
        async with Batcher(slow, max_size=1, max_queue=2, max_wait=0) as ask:
            first = asyncio.create_task(ask(1, 10))
            await asyncio.to_thread(started.wait, 10)
            rest = [asyncio.create_task(ask(i, 10)) for i in (2, 3)]
            await asyncio.sleep(0)
            assert ask.waiting == 2
            assert ask.busy > 0
            with pytest.raises(OverloadedError):
                await ask(4, 10)
            rest.pop().cancel()
            await asyncio.sleep(0)
            rest.append(asyncio.create_task(ask(3, 10)))  # the place of one who left is free
            await asyncio.sleep(0)
            go.set()
            answers = await asyncio.gather(first, *rest)
        with pytest.raises(OverloadedError):
            await ask(5, 10)
        return answers

    assert run(main()) == [1, 2, 3]


def test_nobody_computes_for_those_who_left_or_came_too_late():
    go, started, seen = threading.Event(), threading.Event(), []

    def slow(rows):
        seen.extend(rows)
        started.set()
        assert go.wait(10)
        return rows

    async def main():
        async with Batcher(slow, max_size=1, max_wait=0) as ask:
            first = asyncio.create_task(ask("first", 10))
            await asyncio.to_thread(started.wait, 10)
            gone = asyncio.create_task(ask("gone", 10))
            late = asyncio.create_task(ask("late", 0.01))
            last = asyncio.create_task(ask("last", 10))
            await asyncio.sleep(0.05)
            gone.cancel()
            go.set()
            return await asyncio.gather(first, gone, late, last, return_exceptions=True)

    first, gone, late, last = run(main())
    assert (first, last, seen) == ("first", "last", ["first", "last"])
    assert isinstance(gone, asyncio.CancelledError)
    assert isinstance(late, TimeoutError)


def test_one_slow_batch_does_not_shut_the_door_for_ever():
    slow = [True]

    def model(rows):
        if slow.pop() if slow else False:
            threading.Event().wait(1.0)  # the first call compiles
        return rows

    async def main():
        async with Batcher(model, max_wait=0) as ask:
            await ask(0, 10)
            return [await ask(i, 0.08) for i in range(1, 20)]

    assert run(main()) == list(range(1, 20))


def test_closing_answers_what_is_queued():
    async def main():
        async with Batcher(double, max_size=4, max_wait=5.0) as ask:
            tasks = [asyncio.create_task(ask(float(i), 10)) for i in range(10)]
            await asyncio.sleep(0)
        return await asyncio.gather(*tasks)

    assert run(main()) == [2.0 * i for i in range(10)]


def test_the_model_is_never_called_by_two_threads():
    inside, most = Counter(), []

    def model(rows):
        inside["now"] += 1
        most.append(inside["now"])
        threading.Event().wait(0.002)
        inside["now"] -= 1
        return rows

    async def main():
        async with Batcher(model, max_size=2, max_wait=0) as ask:
            return await ask_all(ask, list(range(40)))

    assert run(main()) == list(range(40))
    assert max(most) == 1


def test_without_a_timeout_it_waits():
    async def main():
        async with Batcher(lambda rows: [2 * row for row in rows], 8, 0.01) as ask:
            return await asyncio.gather(*map(ask, range(20)))

    assert asyncio.run(main()) == [2 * row for row in range(20)]
