"""The engine of one machine or few: each worker looks into the ledger for what is due, and takes it."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from newsletter.domain.budget import Wait
from newsletter.domain.mailing import MailingStatus
from newsletter.engine.claims import Granted
from newsletter.engine.plant import Plant
from newsletter.engine.worker import Worker
from newsletter.errors import NewsletterError, RefusedError, find_first
from newsletter.service.grant_letters import find_wait
from newsletter.service.release_rest import find_hold
from newsletter.store import mailings
from newsletter.store.database import Transaction
from newsletter.store.seats import is_seat_taken, take_seat

_LOOK_SECONDS = 0.5
_ALIVE = frozenset({MailingStatus.SCHEDULED, MailingStatus.RUNNING})


class EmbeddedEngine:
    """The ledger itself is the list of what is to be done, so there is nothing to hand out."""

    def submit(self, _transaction: Transaction, *, mailing: int | None = None, now: datetime) -> int:  # noqa: ARG002
        return 0

    async def drive(self, worker: Worker) -> None:
        await deliver_in_turn(worker, until_idle=False)


async def deliver_in_turn(worker: Worker, *, until_idle: bool) -> None:
    """Claim one batch after the other until the worker is stopped or, on request, until nothing is due."""
    out: set[asyncio.Task[None]] = set()
    while not worker.is_stopping:
        await worker.heed_refusal()
        wants_batch = worker.wants_batch(len(out))
        may_come_back = worker.have_others_out  # asked first: what comes back after this is found by the claim
        granted = await worker.claim() if wants_batch else None
        if isinstance(granted, Granted):
            out.add(asyncio.create_task(worker.deliver_batch(granted)))
        elif wants_batch and until_idle and not out and not worker.expects_batch and not may_come_back:
            break
        else:
            out = await worker.rest(out, until_low=not wants_batch)
    worker.close()
    await asyncio.gather(*out)


def deliver_due(plant: Plant) -> bool:
    """Deliver until nothing is due; False if a signal ended it before.

    SIGTERM and SIGINT drain: letters in flight settle, nothing is left doubtful. Raises RefusedError where another
    process delivers from this SQLite database.
    """
    with take_seat(plant.database, now=plant.clock()) as seat:
        return asyncio.run(_run([Worker(each, seat) for each in plant.each]))


def deliver_mailing(
    plant: Plant, mailing_id: int, *, tell: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
) -> None:
    """See one mailing through: until all of it is settled, deferred or held, or it stops, or a signal ends this.

    Waits for the mailing's time and for the relay's limits, and says so through ``tell``. While it waits, other
    processes may deliver. Where one does already, waits for it, and takes over what it leaves.
    """
    told: str | None = None
    while True:
        try:
            if not deliver_due(plant):
                return
        except RefusedError as error:
            tell(f"{error} This waits for it.")
            _wait_for_others(plant, mailing_id, sleep)
        wait = _find_wait(plant, mailing_id)
        if wait is None:
            return
        if wait.why and wait.why != told:
            tell(f"{wait.why}; the next letters leave at {wait.until:%Y-%m-%d %H:%M} UTC.")
            told = wait.why
        _sit_out(wait, plant, mailing_id, sleep)


def _find_wait(plant: Plant, mailing_id: int) -> Wait | None:
    """Return until when the mailing waits, with "" where that needs no word; None if there is nothing to wait for."""
    now = plant.clock()
    with plant.database.snapshot() as snapshot:
        mailing = mailings.find_mailing(snapshot, mailing_id)
        if mailing.status is MailingStatus.SCHEDULED:
            return Wait(until=mailing.not_before, why="")
        if mailing.status is not MailingStatus.RUNNING:
            return None
        if not mailings.has_unsent(snapshot, mailing_id):
            due_at = mailings.find_next_due(snapshot, mailing_id)
            # Due, with nothing to send: another process is about to give the last batch back, which ends the mailing.
            return Wait(until=now, why="") if due_at is not None and due_at <= now else None
        waits = [find_wait(snapshot, each.limits, now=now) for each in plant.each]
        if None not in waits:
            return min((wait for wait in waits if wait), key=lambda wait: wait.until)
        if hold := find_hold(mailing):
            return hold
        return Wait(until=mailings.find_next_due(snapshot, mailing_id) or now, why="")


def _sit_out(wait: Wait, plant: Plant, mailing_id: int, sleep: Callable[[float], None]) -> None:
    """Wait, but no longer than the mailing is alive."""
    while True:
        sleep(_LOOK_SECONDS)
        if plant.clock() >= wait.until or _status_of(plant, mailing_id) not in _ALIVE:
            return


def _wait_for_others(plant: Plant, mailing_id: int, sleep: Callable[[float], None]) -> None:
    """Wait until the mailing stops, or the process that delivers is gone."""
    while is_seat_taken(plant.database):
        if _status_of(plant, mailing_id) not in _ALIVE:
            return
        sleep(_LOOK_SECONDS)


def _status_of(plant: Plant, mailing_id: int) -> MailingStatus:
    with plant.database.snapshot() as snapshot:
        return mailings.find_mailing(snapshot, mailing_id).status


async def _run(workers: Sequence[Worker]) -> bool:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for worker in workers:
            worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(RuntimeError, ValueError):  # not in the main thread, where no signal arrives
            loop.add_signal_handler(number, stop)
    failure: NewsletterError | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            for worker in workers:
                tasks.create_task(worker.run(partial(deliver_in_turn, until_idle=True)))
    except* NewsletterError as errors:
        failure = find_first(errors)
    if failure is not None:
        raise failure
    return not workers[0].is_stopping
