"""The embedded engine: deliver in this process, under a worker's seat, until idle or told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from newsletter.domain.mailing import MailingStatus
from newsletter.engine.worker import Plant, Worker
from newsletter.store import mailings
from newsletter.store.seats import is_seat_taken, take_seat

_LOOK_SECONDS = 0.5


def deliver_due(plant: Plant, *, until_idle: bool = True, on_start: Callable[[Worker], None] | None = None) -> None:
    """Deliver what is due. SIGTERM and SIGINT drain: letters in flight settle, nothing is left doubtful.

    ``on_start`` is given the worker, whose ``stop`` drains too. Raises RefusedError where another process delivers from
    this SQLite database.
    """
    with take_seat(plant.database, now=plant.clock()) as seat:
        worker = Worker(plant, seat)
        asyncio.run(_run(worker, until_idle=until_idle, on_start=on_start))


def wait_for_others(plant: Plant, mailing_id: int) -> None:
    """Wait while another process delivers a mailing: until it stops running, or that process is gone."""
    while is_seat_taken(plant.database):
        with plant.database.snapshot() as snapshot:
            status = mailings.find_mailing(snapshot, mailing_id).status
        if status not in {MailingStatus.RUNNING, MailingStatus.SCHEDULED}:
            return
        time.sleep(_LOOK_SECONDS)


async def _run(worker: Worker, *, until_idle: bool, on_start: Callable[[Worker], None] | None) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(RuntimeError, ValueError):  # not the main thread: its owner calls stop()
            loop.add_signal_handler(number, worker.stop)
    if on_start is not None:
        on_start(worker)
    await worker.run(until_idle=until_idle)
