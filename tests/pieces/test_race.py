"""The faults `race` exists for, put in on purpose, with a clock of our own."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
race = pytest.importorskip("race").race


class Machine:
    """A clock and work that takes time on it; `slower` per second it has run, and noise."""

    def __init__(self, slower=0.0, noise=0.0):
        self.now, self.slower = 0.0, slower
        self.noise, self.rng = noise, np.random.default_rng(0)
        self.pending = 0.0

    def work(self, seconds):
        self.now += seconds * (1 + self.slower * self.now) * np.exp(self.noise * self.rng.normal())

    def call(self, seconds, answer=0.0):
        def run(given):
            self.work(seconds)
            return given + answer

        return run

    def clock(self):
        return self.now


def test_a_machine_that_gets_slower_does_not_favour_the_first():
    machine = Machine(slower=0.05)
    old, new = machine.call(0.1), machine.call(0.1)
    seen = race(old, new, [0.0] * 20, clock=machine.clock)
    assert not seen.faster
    assert seen.gain == pytest.approx(1, abs=0.02)
    one_after_the_other = []
    for way in (old, new):
        start = machine.now
        for _ in range(100):
            way(0.0)
        one_after_the_other.append(machine.now - start)
    assert one_after_the_other[1] > 1.4 * one_after_the_other[0]


def test_the_interval_covers_and_a_gain_is_found():
    wrong, inside, found = 0, 0, 0
    for seed in range(100):
        machine = Machine(noise=0.3)
        machine.rng = np.random.default_rng(seed)
        calls = machine.call(0.12), machine.call(0.1)
        wrong += race(calls[1], calls[1], [0.0] * 10, clock=machine.clock).faster
        seen = race(*calls, [0.0] * 20, clock=machine.clock)
        inside += seen.low < 1.2 < seen.high
        found += seen.faster
    assert wrong <= 8
    assert inside >= 88
    assert found >= 95


def test_the_first_call_is_kept_apart_and_priced():
    machine, warm = Machine(), []

    def new(given):
        machine.work(0.05 if warm else 30.0)
        warm.append(1)
        return given

    seen = race(machine.call(0.1), new, [0.0] * 10, clock=machine.clock)
    assert seen.new == pytest.approx(0.05)
    assert seen.calls_to_pay_back == pytest.approx((30 - 0.05) / 0.05)


def test_work_that_has_not_finished_is_waited_for():
    machine = Machine()

    def later(given):
        machine.pending += 0.3
        machine.work(0.001)
        return given

    def wait():
        machine.work(machine.pending)
        machine.pending = 0.0

    slow = race(machine.call(0.1), later, [0.0] * 10, wait=wait, clock=machine.clock)
    flattered = race(machine.call(0.1), later, [0.0] * 10, clock=machine.clock)
    assert flattered.gain > 50
    assert slow.gain < 0.4


def test_another_answer_is_reported():
    machine = Machine()
    seen = race(machine.call(0.1), machine.call(0.1, 0.5), [1.0, 2.0], 20, clock=machine.clock)
    assert seen.apart == pytest.approx(0.5)
    with pytest.raises(ValueError, match="shapes differ"):
        race(np.sum, np.cumsum, [np.ones(3)] * 30)


def test_too_few_pairs_raise():
    with pytest.raises(ValueError, match="30 pairs"):
        race(np.sum, np.sum, [np.ones(3)], rounds=10)
