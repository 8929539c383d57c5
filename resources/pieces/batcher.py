"""Dynamic batching in which one bad row fails alone, late rows are dropped, and overload is said.

Call `isolate(predict, rows)`, or `await ask(row)` in `async with Batcher(predict) as ask`.

Copy the file; standard library only. `isolate` calls a batch function and, when it raises, halves
the batch until only the guilty rows are left: use it alone inside Ray Serve's `@serve.batch` or
LitServe's `predict`, which fail every row of the batch. `Batcher` collects rows of concurrent
requests on one event loop and calls the model in one thread of its own, so that `/health` answers
meanwhile. Change `max_size` (where rows a second stop growing) and `max_queue` (rows that can be
served within your deadline); leave `max_wait` 0, as what arrives while the model works is the next
batch. Pass `valid` if a wrong answer can come without an exception (NaN, infinity).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")
Answer = TypeVar("Answer")
Predict = Callable[[list[Row]], Sequence[Answer]]


class OverloadedError(Exception):
    """The queue is full, or is closing: answer 503 with Retry-After, at once."""


class InvalidAnswerError(Exception):
    """The model answered, but with what `valid` refuses."""


def isolate(
    predict: Predict[Row, Answer],
    rows: Sequence[Row],
    valid: Callable[[Answer], bool] = lambda answer: True,
) -> list[Answer | Exception]:
    """An answer for each row, or the exception it raises when it is alone.

    One bad row in n costs 1 + 2·log2(n) calls, none of them more than one; all bad, 2n - 1.
    """
    batch = list(rows)
    if not batch:
        return []
    try:
        answers = list(predict(batch[:]))  # it may change its list
        if len(answers) != len(batch):
            raise RuntimeError(f"{len(answers)} answers for {len(batch)} rows")
        if not all(valid(answer) for answer in answers):
            raise InvalidAnswerError
    except Exception as error:
        if len(batch) > 1:
            half = len(batch) // 2
            parts = (isolate(predict, part, valid) for part in (batch[:half], batch[half:]))
            return [answer for part in parts for answer in part]
        # A future refuses StopIteration, and its caller would wait for ever.
        return [RuntimeError(repr(error)) if isinstance(error, StopIteration) else error]
    return [*answers]


@dataclass(slots=True)
class _Waiting(Generic[Row, Answer]):
    row: Row
    answer: asyncio.Future[Answer]
    came: float
    until: float


class Batcher(Generic[Row, Answer]):
    """``async with Batcher(predict) as ask: answer = await ask(row)``."""

    def __init__(
        self,
        predict: Predict[Row, Answer],
        max_size: int = 32,
        max_wait: float = 0.0,
        *,
        max_queue: int = 256,
        valid: Callable[[Answer], bool] = lambda answer: True,
    ) -> None:
        self._predict, self._valid = predict, valid
        self._max_size, self._max_wait, self._max_queue = max_size, max_wait, max_queue
        self._queue: deque[_Waiting[Row, Answer]] = deque()
        self._more = asyncio.Event()
        self._closing = False
        self._began: float | None = None
        self._seconds = 0.0  # what a batch takes, smoothed
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="model")

    async def __aenter__(self) -> Batcher[Row, Answer]:
        self._task = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *raised: object) -> None:
        """Answer what is queued, refuse what comes."""
        self._closing = True
        self._more.set()
        await self._task
        self._pool.shutdown()

    @property
    def waiting(self) -> int:
        """Rows in the queue: the number to scale on, and to alarm on."""
        return len(self._queue)

    @property
    def busy(self) -> float:
        """Seconds since the running batch began; /livez fails when it is absurd (a hung model)."""
        return 0.0 if self._began is None else asyncio.get_running_loop().time() - self._began

    async def __call__(self, row: Row, timeout: float | None = None) -> Answer:
        """The answer for `row`.

        Raises:
            OverloadedError: the queue is full, or closed.
            TimeoutError: no answer in `timeout` seconds; a row still queued is not computed.
            Exception: what the model raises for this row alone.
        """
        if len(self._queue) >= self._max_queue:  # perhaps of callers that have left
            self._queue = deque(row for row in self._queue if not row.answer.done())
        if self._closing or len(self._queue) >= self._max_queue:
            raise OverloadedError(f"{len(self._queue)} rows wait")
        loop = asyncio.get_running_loop()
        now = loop.time()
        future: asyncio.Future[Answer] = loop.create_future()
        until = math.inf if timeout is None else now + timeout
        self._queue.append(_Waiting(row, future, now, until))
        self._more.set()
        async with asyncio.timeout(timeout):
            return await future  # cancelled with its caller, so a client that left costs nothing

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._queue and not self._closing:
                self._more.clear()
                await self._more.wait()
            if not self._queue:
                return
            full = self._queue[0].came + self._max_wait
            while len(self._queue) < self._max_size and not self._closing and loop.time() < full:
                self._more.clear()
                try:
                    async with asyncio.timeout_at(full):
                        await self._more.wait()
                except TimeoutError:
                    break
            batch = self._take(loop.time())
            if not batch:
                continue
            self._began = loop.time()
            rows = [waiting.row for waiting in batch]
            answers: list[Any] = await loop.run_in_executor(
                self._pool, isolate, self._predict, rows, self._valid
            )
            took = loop.time() - self._began
            self._seconds += 0.2 * (took - self._seconds)
            self._began = None
            for waiting, answer in zip(batch, answers, strict=True):
                if waiting.answer.done():
                    continue
                if isinstance(answer, Exception):
                    waiting.answer.set_exception(answer)
                else:
                    waiting.answer.set_result(answer)

    def _take(self, now: float) -> list[_Waiting[Row, Answer]]:
        """The next rows that somebody still waits for and that can be answered in time."""
        batch: list[_Waiting[Row, Answer]] = []
        late: list[_Waiting[Row, Answer]] = []
        while self._queue and len(batch) < self._max_size:
            waiting = self._queue.popleft()
            if not waiting.answer.done():
                # Else an overloaded server works on nothing but answers that come too late.
                (batch if waiting.until - now > self._seconds / 2 else late).append(waiting)
        if not batch and late and late[-1].until > now:
            batch.append(late.pop())  # the estimate is from an odd slow batch, perhaps: try
        for waiting in late:
            waiting.answer.set_exception(TimeoutError("waited too long in the queue"))
        return batch
