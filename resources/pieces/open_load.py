"""Load that does not wait for the server: latencies as users see them when it stalls.

Call `report = await load(send, rate=100, count=1000)`.

Copy the file; standard library only. `load` sends at a fixed rate and measures each answer from the
moment it was due. A closed loop (a client that asks again after its answer, as most tools do by
default) stops asking while the server stalls and so hides what the others would have waited. Change
`send`: an async call of the real endpoint with a real row, drawn anew each time, else a cache
answers. A report with `late_sends` above 1 % measured the client, not the server.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """Seconds from due time, of the answers that came; failures are not fast answers."""

    seconds: tuple[float, ...]
    failed: int
    late_sends: float

    def p(self, percent: float) -> float:
        """The latency that `percent` of all requests kept; infinite if too many failed."""
        number = math.ceil(percent / 100 * (len(self.seconds) + self.failed))
        return self.seconds[max(number, 1) - 1] if number <= len(self.seconds) else math.inf


async def load(
    send: Callable[[int], Awaitable[Any]], rate: float, count: int, timeout: float = 10.0
) -> Report:
    """Send requests 0 to `count` - 1, `rate` a second; `send` raises when an answer is an error."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    seconds: list[float] = []
    late = failed = 0

    async def one(number: int, due: float) -> None:
        nonlocal failed
        try:
            async with asyncio.timeout_at(due + timeout):
                await send(number)
        except Exception:
            failed += 1
        else:
            seconds.append(loop.time() - due)

    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            due = start + number / rate
            await asyncio.sleep(due - loop.time())
            late += loop.time() - due > max(0.01, 1 / rate)
            tasks.create_task(one(number, due))
    return Report(tuple(sorted(seconds)), failed, late / max(count, 1))
