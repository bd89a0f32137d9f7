"""Stores messages that come one by one, as many in a transaction as have come while the last one ran."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from newsletter.errors import NewsletterError
from newsletter.mail.mailbox import StoredMessage

_MOST_AT_ONCE = 100

_Waiting = list[tuple[StoredMessage, asyncio.Future[None]]]


class Storekeeper:
    """``store_all`` runs in a thread, one call at a time; what it stored is in the database when it returns."""

    def __init__(self, store_all: Callable[[Sequence[StoredMessage]], object]) -> None:
        self._store_all = store_all
        self._waiting: _Waiting = []
        self._task: asyncio.Task[None] | None = None

    async def store(self, message: StoredMessage) -> None:
        """Return when the message is stored; raises what kept it from being stored."""
        is_stored = asyncio.get_running_loop().create_future()
        self._waiting.append((message, is_stored))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        await is_stored

    async def finish(self) -> None:
        """Wait until everything that was handed over is stored, or has failed."""
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            error = await self._try(batch)
            if error is None or isinstance(error, NewsletterError) or len(batch) == 1:
                _tell(batch, error)
                continue
            for single in batch:  # one of them breaks the rest: it must not keep them out
                _tell([single], await self._try([single]))

    async def _try(self, batch: _Waiting) -> Exception | None:
        try:
            await asyncio.to_thread(self._store_all, [message for message, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait for an answer get one
            return error
        return None


def _tell(batch: _Waiting, error: Exception | None) -> None:
    for _, is_stored in batch:
        if is_stored.done():  # whoever waited has hung up
            continue
        if error is None:
            is_stored.set_result(None)
        else:
            is_stored.set_exception(error)
