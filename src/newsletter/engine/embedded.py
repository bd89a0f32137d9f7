"""Deliver in this process, under a worker's seat, until nothing is due or it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from newsletter.domain.mailing import MailingStatus
from newsletter.engine.worker import Plant, Worker
from newsletter.errors import RefusedError
from newsletter.store import mailings
from newsletter.store.seats import is_seat_taken, take_seat

_LOOK_SECONDS = 0.5


def deliver_due(plant: Plant) -> bool:
    """Deliver until nothing is due; False if a signal ended it before.

    SIGTERM and SIGINT drain: letters in flight settle, nothing is left doubtful. Raises RefusedError where another
    process delivers from this SQLite database.
    """
    with take_seat(plant.database, now=plant.clock()) as seat:
        return asyncio.run(_run(Worker(plant, seat)))


def deliver_mailing(plant: Plant, mailing_id: int, *, tell: Callable[[str], None]) -> None:
    """See one mailing through: until all of it is settled, deferred or held, or it stops, or a signal ends this.

    Waits for the mailing's time. Where another process delivers, says so through ``tell``, waits for it, and takes over
    what it leaves.
    """
    while True:
        try:
            if not deliver_due(plant):
                return
            is_over = _status_of(plant, mailing_id) is not MailingStatus.SCHEDULED
        except RefusedError as error:
            tell(f"{error} This waits for it.")
            _wait_for_others(plant, mailing_id)
            is_over = _status_of(plant, mailing_id) not in {MailingStatus.RUNNING, MailingStatus.SCHEDULED}
        if is_over:
            return
        time.sleep(_LOOK_SECONDS)


def _wait_for_others(plant: Plant, mailing_id: int) -> None:
    """Wait until the mailing stops, or the process that delivers is gone."""
    while is_seat_taken(plant.database):
        if _status_of(plant, mailing_id) not in {MailingStatus.RUNNING, MailingStatus.SCHEDULED}:
            return
        time.sleep(_LOOK_SECONDS)


def _status_of(plant: Plant, mailing_id: int) -> MailingStatus:
    with plant.database.snapshot() as snapshot:
        return mailings.find_mailing(snapshot, mailing_id).status


async def _run(worker: Worker) -> bool:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(RuntimeError, ValueError):  # not in the main thread, where no signal arrives
            loop.add_signal_handler(number, worker.stop)
    await worker.run(until_idle=True)
    return not worker.is_stopping
