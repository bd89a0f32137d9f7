"""Does together what was asked one by one: as many in one go as have come while the last one ran.

A commit has its price however much is in it. Who writes for one stranger at a time, be it a message, be it a reader
who leaves, shares that price with everybody who came meanwhile, and nobody waits for others to come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from newsletter.errors import NewsletterError

_MOST_AT_ONCE = 100

Asked = TypeVar("Asked")
Done = TypeVar("Done")


class Gatherer(Generic[Asked, Done]):
    """``work`` runs in a thread, one call at a time, and returns what became of each, in their order.

    What it did is lasting when it returns. It must have done nothing when it raises.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Done]]) -> None:
        self._do_all = work
        self._waiting: list[tuple[Asked, asyncio.Future[Done]]] = []
        self._task: asyncio.Task[None] | None = None

    async def do(self, asked: Asked) -> Done:
        """Return when it is done; raises what kept it from being done."""
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        return await answer

    async def finish(self) -> None:
        """Wait until everything that was handed over is done, or has failed."""
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            try:
                await self._try(batch)
            except NewsletterError as error:
                _fail(batch, error)
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait for an answer get one
                await self._try_singly(batch, error)

    async def _try_singly(self, batch: Sequence[tuple[Asked, asyncio.Future[Done]]], error: Exception) -> None:
        """Give each another try of its own: one of them breaks the rest, and must not keep them out."""
        if len(batch) == 1:
            _fail(batch, error)
            return
        for single in batch:
            try:
                await self._try([single])
            except Exception as own_error:  # noqa: BLE001 - as above
                _fail([single], own_error)

    async def _try(self, batch: Sequence[tuple[Asked, asyncio.Future[Done]]]) -> None:
        done = await asyncio.to_thread(self._do_all, [asked for asked, _ in batch])
        for (_, answer), result in zip(batch, done, strict=True):
            if not answer.done():  # whoever waited has hung up
                answer.set_result(result)


def _fail(batch: Sequence[tuple[Asked, asyncio.Future[Done]]], error: Exception) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(error)
