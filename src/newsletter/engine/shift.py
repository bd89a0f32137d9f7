"""A shift: one process at work until it is told to stop. Letters, and beside them errands: notices, mailboxes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from newsletter.engine.embedded import EmbeddedEngine
from newsletter.engine.engine import Engine
from newsletter.engine.plant import Plant
from newsletter.engine.worker import Worker
from newsletter.errors import NewsletterError, describe_failure, find_first
from newsletter.log import log
from newsletter.store.seats import Seat, take_seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Something small to do every so often, or a watch that lasts until the end of the shift.

    It may fail; then the next try comes later, and the same failure is told once.
    """

    name: str
    every_seconds: float
    #: is given a question to ask between two steps: whether to stop now
    run: Callable[[Callable[[], bool]], Awaitable[object]]
    #: after several failures
    longest_rest_seconds: float = 60.0


class Shift:
    """May be stopped from any thread, and before it has begun."""

    def __init__(self, plant: Plant, errands: Sequence[Errand], *, engine: Engine | None = None) -> None:
        self._plant = plant
        self._engine = engine or EmbeddedEngine()
        self._errands = errands
        self._stop_asked = threading.Event()
        self._wake: Callable[[], object] = lambda: None

    @property
    def is_stopping(self) -> bool:
        return self._stop_asked.is_set()

    def stop(self) -> None:
        """Drain: begin nothing more; letters and notices in flight settle, then ``run`` returns."""
        self._stop_asked.set()
        with suppress(RuntimeError):  # the loop has ended by itself meanwhile
            self._wake()

    def rest(self, seconds: float) -> None:
        """Wait, but no longer than until the shift is to stop."""
        self._stop_asked.wait(seconds)

    def run(self) -> None:
        """Work until ``stop``. Raises RefusedError where another process delivers from this SQLite database."""
        with take_seat(self._plant.database, now=self._plant.clock()) as seat:
            asyncio.run(self._work(seat))

    async def _work(self, seat: Seat) -> None:
        workers = [Worker(each, seat) for each in self._plant.each]
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()

        def drain() -> None:
            stopping.set()
            for worker in workers:
                worker.stop()

        self._wake = lambda: loop.call_soon_threadsafe(drain)
        if self.is_stopping:
            drain()
        failure: NewsletterError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                for errand in self._errands:
                    tasks.create_task(_repeat(errand, stopping))
                async with asyncio.TaskGroup() as working:
                    for worker in workers:
                        working.create_task(worker.run(self._engine.drive))
        except* NewsletterError as errors:
            failure = find_first(errors)
        if failure is not None:
            raise failure


async def _repeat(errand: Errand, stopping: asyncio.Event) -> None:
    rest, told = errand.every_seconds, ""
    while not stopping.is_set():
        began_at = time.monotonic()
        try:
            await errand.run(stopping.is_set)
            rest, told = errand.every_seconds, ""
        except Exception as error:  # noqa: BLE001 - whatever it is, an errand must not end the delivery of letters
            if time.monotonic() - began_at > errand.longest_rest_seconds:
                rest = errand.every_seconds  # a watch that held for a while is no hopeless case
            rest = min(rest * 2, max(errand.every_seconds, errand.longest_rest_seconds))
            why = describe_failure(error)
            if why != told:
                log.warning("errand failed, it is tried again", errand=errand.name, why=why)
            told = why
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), timeout=rest)
