"""The faults of caches: another model's answer, a stampede, kept errors, endless growth."""

from __future__ import annotations

import asyncio

import pytest
from prediction_cache import Cache, key


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


class Model:
    def __init__(self, answer):
        self.answer, self.calls = answer, 0

    async def __call__(self):
        self.calls += 1
        await asyncio.sleep(0.01)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_new_model_is_asked_and_the_old_one_again_after_a_rollback():
    async def main():
        cache, one, two = Cache(), Model(1), Model(2)
        row = {"age": 30}
        asked = [("one", one), ("one", one), ("two", two), ("one", one), ("two", two)]
        answers = [await cache.get(name, row, model) for name, model in asked]
        return answers, one.calls, two.calls, cache.hits, cache.misses

    assert run(main()) == ([1, 1, 2, 1, 2], 1, 1, 3, 2)


def test_fifty_at_once_are_one_computation():
    async def main():
        cache, model = Cache(), Model(1)
        answers = await asyncio.gather(*(cache.get("m", {"a": 1}, model) for _ in range(50)))
        return set(answers), model.calls

    assert run(main()) == ({1}, 1)


def test_one_who_leaves_does_not_fail_the_others():
    async def main():
        cache, model = Cache(), Model(1)
        first = asyncio.create_task(cache.get("m", {"a": 1}, model))
        await asyncio.sleep(0)
        second = asyncio.create_task(cache.get("m", {"a": 1}, model))
        await asyncio.sleep(0)
        first.cancel()
        return await second, model.calls

    assert run(main()) == (1, 1)


def test_an_error_is_for_those_who_wait_and_is_not_kept():
    async def main():
        cache, bad, good = Cache(), Model(ValueError("down")), Model(1)
        both = [cache.get("m", {"a": 1}, bad) for _ in range(2)]
        failed = await asyncio.gather(*both, return_exceptions=True)
        return failed, bad.calls, await cache.get("m", {"a": 1}, good)

    failed, calls, after = run(main())
    assert [type(error) for error in failed] == [ValueError, ValueError]
    assert (calls, after) == (1, 1)


def test_it_forgets_with_time_and_keeps_its_size():
    time = [0.0]

    async def main():
        cache, model = Cache(size=3, seconds=10, clock=lambda: time[0]), Model(1)
        for i in range(10):
            await cache.get("m", {"a": i}, model)
        await cache.get("m", {"a": 9}, model)
        assert model.calls == 10
        await cache.get("m", {"a": 0}, model)
        assert model.calls == 11
        time[0] = 11.0
        await cache.get("m", {"a": 0}, model)
        return model.calls

    assert run(main()) == 12


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": 1}, {"a": 1.0}, False),
        ({"a": None}, {}, False),
    ],
)
def test_keys(one, other, same):
    assert (key("m", one) == key("m", other)) is same
    assert key("m", one) != key("n", one)
