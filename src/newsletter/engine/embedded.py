"""Deliver in this process, under a worker's seat, until nothing is due or it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress

from newsletter.domain.mailing import MailingStatus
from newsletter.engine.worker import Plant, Worker
from newsletter.store import mailings
from newsletter.store.seats import is_seat_taken, take_seat

_LOOK_SECONDS = 0.5


def deliver_due(plant: Plant) -> None:
    """Deliver until nothing is due. SIGTERM and SIGINT drain: letters in flight settle, nothing is left doubtful.

    Raises RefusedError where another process delivers from this SQLite database.
    """
    with take_seat(plant.database, now=plant.clock()) as seat:
        asyncio.run(_run(Worker(plant, seat)))


def wait_for_others(plant: Plant, mailing_id: int) -> None:
    """Wait while another process delivers a mailing: until it stops running, or that process is gone."""
    while is_seat_taken(plant.database):
        with plant.database.snapshot() as snapshot:
            status = mailings.find_mailing(snapshot, mailing_id).status
        if status not in {MailingStatus.RUNNING, MailingStatus.SCHEDULED}:
            return
        time.sleep(_LOOK_SECONDS)


async def _run(worker: Worker) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(RuntimeError, ValueError):  # not in the main thread, where no signal arrives
            loop.add_signal_handler(number, worker.stop)
    await worker.run(until_idle=True)
