"""The fault: a stall that a closed loop does not see."""

from __future__ import annotations

import asyncio
import math
import time

import pytest
from open_load import Report, load


class Server:
    """Answers in 2 ms, one request at a time, and stalls once for half a second."""

    def __init__(self):
        self.lock, self.served = asyncio.Lock(), 0

    async def __call__(self, number):
        async with self.lock:
            self.served += 1
            await asyncio.sleep(0.5 if self.served == 20 else 0.002)


def test_an_open_loop_sees_the_stall_and_a_closed_one_does_not():
    async def main():
        server, closed = Server(), []
        for number in range(200):
            start = asyncio.get_running_loop().time()
            await server(number)
            closed.append(asyncio.get_running_loop().time() - start)
        report = await load(Server(), rate=100, count=200)
        return sorted(closed)[150], report

    closed, report = asyncio.run(asyncio.wait_for(main(), 30))
    assert len(report.seconds) == 200
    assert report.p(75) > closed * 3
    assert report.p(90) > 0.2


def test_failures_and_hangs_are_not_fast_answers():
    async def send(number):
        if number % 4 == 0:
            raise ValueError
        if number % 4 == 1:
            await asyncio.Event().wait()

    report = asyncio.run(asyncio.wait_for(load(send, rate=500, count=40, timeout=0.1), 20))
    assert report.failed == 20
    assert report.p(50) < 0.1
    assert report.p(99) == math.inf


@pytest.mark.parametrize(("percent", "wanted"), [(0, 1.0), (50, 2.0), (75, 3.0), (100, math.inf)])
def test_percentiles_count_failures(percent, wanted):
    assert Report((1.0, 2.0, 3.0), 1, 0.0).p(percent) == wanted


def test_a_client_that_cannot_keep_up_says_so():
    async def send(number):
        time.sleep(0.03)  # blocks the client's own loop

    report = asyncio.run(asyncio.wait_for(load(send, rate=100, count=30), 20))
    assert report.late_sends > 0.5
