"""`queueing` against known results of queueing theory, and the faults it exists for."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")
import numpy as np
from queueing import cost_per_million, poisson, replicas_for, simulate


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_one_server_agrees_with_the_formula(load):
    # M/D/1: mean wait = load * service / (2 * (1 - load))
    seen = simulate(poisson(load * 100, 2000), lambda size: 0.01)
    assert seen.latency.mean() == pytest.approx(0.01 + load * 0.01 / (2 * (1 - load)), rel=0.05)
    assert seen.busy == pytest.approx(load, rel=0.02)


def test_a_closed_loop_hides_what_an_open_one_shows():
    def service(size):
        return 0.01 + 0.5 * (next(calls) % 200 == 0)  # a pause now and then

    calls = iter(range(10**6))
    closed = [service(1) for _ in range(4000)]
    calls = iter(range(10**6))
    opened = simulate(poisson(70, 60), service)
    assert np.quantile(closed, 0.99) < 0.02
    assert opened.p(99) > 0.4


def test_batches_keep_order_and_raise_throughput():
    def seconds(size):
        return 0.004 + 0.001 * size

    arrivals = poisson(400, 30)
    single, batched = simulate(arrivals, seconds), simulate(arrivals, seconds, max_batch=16)
    assert single.p(99) > 5
    assert batched.p(99) < 0.03
    assert len(batched.latency) == len(arrivals)
    assert batched.batch > 2
    assert (np.diff(arrivals + batched.latency) > -1e-9).all()


def test_waiting_helps_batches_and_costs_latency():
    def seconds(size):
        return 0.004 + 0.0001 * size

    arrivals = poisson(100, 60)
    at_once, held = (simulate(arrivals, seconds, 1, 16, wait) for wait in (0.0, 0.05))
    assert held.batch > 2 * at_once.batch
    assert np.median(held.latency) > 3 * np.median(at_once.latency)
    assert held.latency.max() < 0.05 + 2 * seconds(16)


def test_a_full_batch_goes_before_its_time():
    seen = simulate([0.0, 0.1, 0.2], lambda size: 1.0, max_batch=2, wait=5.0)
    assert seen.latency == pytest.approx([1.1, 1.0, 6.0])


def test_a_bounded_queue_refuses_and_keeps_latency():
    arrivals = poisson(200, 20)
    free, bound = (simulate(arrivals, lambda size: 0.01, queue=q) for q in (None, 10))
    assert free.latency.max() > 5
    assert bound.latency.max() < 0.15
    assert bound.refused == pytest.approx(0.5, abs=0.03)
    assert bound.p(99) == float("inf")  # half of the users got nothing: that is no good latency
    assert np.isfinite(bound.p(45))


def test_replicas_hold_the_target_and_one_less_does_not():
    def seconds(size):
        return 0.05

    arrivals = poisson(100, 120)
    need = replicas_for(arrivals, seconds, p99=0.1)
    assert (
        simulate(arrivals, seconds, need).p(99) <= 0.1 < simulate(arrivals, seconds, need - 1).p(99)
    )
    assert need > 5  # 100 a second times 0.05 s: five are only enough on average
    bursts = np.concatenate([poisson(500, 2, seed) + 10 * seed for seed in range(12)])
    assert replicas_for(bursts, seconds, p99=0.1) > 2 * need  # the same mean rate
    with pytest.raises(ValueError, match="no number of replicas"):
        replicas_for(arrivals, seconds, p99=0.04)
    with pytest.raises(ValueError, match="not with 3"):
        replicas_for(arrivals, seconds, p99=0.1, most=3)


def test_cost_counts_idle_time():
    assert cost_per_million(4, 2.0, 100 * 3600) == pytest.approx(22.22, rel=1e-3)
