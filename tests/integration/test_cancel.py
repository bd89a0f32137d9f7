"""Cancelling a mailing while workers are at it, on both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from mailing_stand import (
    a_plant,
    add_readers,
    counted,
    deliver_all,
    open_a_mailing,
    put_in_flight,
    record_outcomes,
    report_on,
)
from newsletter.domain.letter import Letter
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy, Mailing, MailingStatus, WithheldReason
from newsletter.domain.reply import Accepted, Outcome, Reply
from newsletter.domain.settlement import Settlement
from newsletter.engine.embedded import EmbeddedEngine
from newsletter.engine.worker import Worker
from newsletter.errors import IllegalMoveError, RefusedError
from newsletter.service.control_mailing import cancel_mailing, pause_mailing, resume_mailing
from newsletter.service.ports import Session
from newsletter.service.recover_letters import recover_letters
from newsletter.store import ledger, mailings
from newsletter.store.database import Database
from newsletter.store.mailing_locks import lock_batches
from newsletter.store.seats import take_seat

READERS = [f"reader{number}@host{number % 7}.example.net" for number in range(5_000)]


class EagerRelay:
    """A session that takes every letter at once."""

    is_distant = False

    async def stage(self, letter: Letter) -> None:  # noqa: ARG002
        await asyncio.sleep(0)

    async def release(self, following: Letter | None) -> Outcome:  # noqa: ARG002
        await asyncio.sleep(0)
        return Accepted(Reply(250, "ok"))

    async def close(self) -> None:
        """Nothing is open."""


async def connect() -> Session:
    return EagerRelay()


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("connections", [2, 8])
@pytest.mark.parametrize("sent", [1, 600, 1_500])
async def test_a_cancel_in_mid_send_succeeds_at_once_and_the_worker_goes_on(
    database: Database, sent: int, connections: int
) -> None:
    add_readers(database, READERS)
    mailing = open_a_mailing(database)
    with take_seat(database, now=now()) as seat:
        worker = Worker(a_plant(database, connect=connect, connections=connections), seat)
        working = asyncio.create_task(worker.run(EmbeddedEngine().drive))
        while report_on(database, mailing).counts[DeliveryStatus.ACCEPTED] < sent:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.02)
        began = time.monotonic()
        await asyncio.to_thread(cancel_mailing, mailing.id, database=database, now=now())
        took = time.monotonic() - began
        await asyncio.sleep(1)
        assert not working.done()
        worker.stop()
        await asyncio.wait_for(working, timeout=10)

    report = report_on(database, mailing)
    left = {status for status, count in report.counts.items() if count}
    assert report.mailing.status is MailingStatus.CANCELLED
    assert left == {DeliveryStatus.ACCEPTED, DeliveryStatus.WITHHELD}
    assert took < 1


def beside_a_cancel(database: Database, mailing_id: int, act: Callable[[], object]) -> BaseException | None:
    """Do something while a cancel has begun and cannot end yet; return what it raised."""
    with ThreadPoolExecutor() as threads:
        with database.transaction() as transaction:
            lock_batches(transaction, mailing_id)
            cancelling = threads.submit(cancel_mailing, mailing_id, database=database, now=now())
            wait_for_locks(database, 1)
            acting = threads.submit(act)
            wait_for_locks(database, 2)
        cancelling.result(timeout=5)
        return acting.exception(timeout=5)


def wait_for_locks(database: Database, count: int) -> None:
    """Wait until so many others wait for a lock."""
    waiting = text(
        "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
        " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
    )
    until = time.monotonic() + 5
    while time.monotonic() < until:
        with database.snapshot() as snapshot:
            if snapshot.execute(waiting).scalar_one() >= count:
                return
        time.sleep(0.02)
    raise AssertionError(f"Fewer than {count} wait.")


def test_a_pause_beside_a_cancel_leaves_the_mailing_cancelled(postgres_database: Database) -> None:
    database = postgres_database
    add_readers(database, READERS[:3])
    mailing = open_a_mailing(database)
    with database.transaction() as transaction:
        mailings.start_due(transaction, now=now())

    error = beside_a_cancel(
        database, mailing.id, lambda: pause_mailing(mailing.id, reason="too many", database=database, now=now())
    )

    assert isinstance(error, IllegalMoveError)
    assert report_on(database, mailing).mailing.status is MailingStatus.CANCELLED


def test_a_resumption_beside_a_cancel_leaves_the_mailing_cancelled(postgres_database: Database) -> None:
    database = postgres_database
    add_readers(database, READERS[:3])
    mailing = open_a_mailing(database)
    pause_mailing(mailing.id, reason="a word is wrong", database=database, now=now())

    error = beside_a_cancel(database, mailing.id, lambda: resume_mailing(mailing.id, database=database, now=now()))

    assert isinstance(error, RefusedError)
    assert report_on(database, mailing).mailing.status is MailingStatus.CANCELLED


def leave_in_flight(database: Database, mailing: Mailing) -> None:
    """Die with the first letter of a mailing in flight."""
    with take_seat(database, now=now()) as seat, database.transaction() as transaction:
        mailings.start_due(transaction, now=now())
        assert ledger.claim_batch(transaction, seat=seat, now=now(), doubtful=DoubtfulPolicy.HOLD) is not None
        put_in_flight(transaction, DeliveryId(mailing.id, 1), now=now())


@pytest.mark.parametrize("by_whom", ["a person", "a worker"])
@pytest.mark.parametrize("policy", [DoubtfulPolicy.HOLD, DoubtfulPolicy.RESEND])
@pytest.mark.parametrize("act", ["pause", "cancel"])
def test_what_a_dead_worker_left_in_flight_of_a_stopped_mailing_is_settled(
    database: Database, act: str, policy: DoubtfulPolicy, by_whom: str
) -> None:
    add_readers(database, READERS[:3])
    mailing = open_a_mailing(database)
    leave_in_flight(database, mailing)
    if act == "pause":
        pause_mailing(mailing.id, reason="a word is wrong", database=database, now=now())
    else:
        cancel_mailing(mailing.id, database=database, now=now())

    if by_whom == "a person":
        recover_letters(database=database, doubtful=policy, now=now())
    else:
        deliver_all(a_plant(database, connect=connect, doubtful=policy))

    report = report_on(database, mailing)
    if act == "cancel":
        assert (counted(report), report.doubtful) == ({"withheld": 2, "doubtful": 1}, (READERS[0],))
    elif policy is DoubtfulPolicy.HOLD:
        assert (counted(report), report.doubtful) == ({"queued": 2, "doubtful": 1}, (READERS[0],))
    else:
        assert counted(report) == {"queued": 3}


def test_what_a_living_worker_has_in_flight_of_a_paused_mailing_stays_its(database: Database) -> None:
    add_readers(database, READERS[:3])
    mailing = open_a_mailing(database)
    with take_seat(database, now=now()) as seat:
        with database.transaction() as transaction:
            mailings.start_due(transaction, now=now())
            ledger.claim_batch(transaction, seat=seat, now=now(), doubtful=DoubtfulPolicy.HOLD)
            put_in_flight(transaction, DeliveryId(mailing.id, 1), now=now())
        pause_mailing(mailing.id, reason="a word is wrong", database=database, now=now())

        recover_letters(database=database, doubtful=DoubtfulPolicy.HOLD, now=now())

    assert counted(report_on(database, mailing)) == {"in_flight": 1, "queued": 2}


def test_what_is_settled_after_a_cancel_is_left_neither_deferred_nor_queued(database: Database) -> None:
    add_readers(database, READERS[:3])
    mailing = open_a_mailing(database)
    first, second = DeliveryId(mailing.id, 1), DeliveryId(mailing.id, 2)
    with take_seat(database, now=now()) as seat:
        with database.transaction() as transaction:
            mailings.start_due(transaction, now=now())
            claimed = ledger.claim_batch(transaction, seat=seat, now=now(), doubtful=DoubtfulPolicy.RESEND)
            assert claimed is not None
            put_in_flight(transaction, first, second, now=now())
        cancel_mailing(mailing.id, database=database, now=now())
        with database.transaction() as transaction:
            deferred = Settlement(delivery=first, status=DeliveryStatus.DEFERRED, next_try_at=now())
            unknown = Settlement(delivery=second, status=DeliveryStatus.QUEUED, is_resent=True)
            record_outcomes(transaction, deferred, unknown, now=now())
            ledger.finish_batch(transaction, claimed.batch, now=now())

    report = report_on(database, mailing)
    assert counted(report) == {"withheld": 2, "doubtful": 1}
    assert report.withheld_reasons[WithheldReason.CANCELLED] == 2
    assert report.doubtful == (READERS[1],)
    assert report.is_settled


def test_a_letter_that_waits_to_be_sent_again_is_doubtful_once_its_mailing_is_cancelled(database: Database) -> None:
    add_readers(database, READERS[:3])
    mailing = open_a_mailing(database)
    leave_in_flight(database, mailing)
    pause_mailing(mailing.id, reason="a word is wrong", database=database, now=now())
    recover_letters(database=database, doubtful=DoubtfulPolicy.RESEND, now=now())

    cancel_mailing(mailing.id, database=database, now=now())

    report = report_on(database, mailing)
    assert (counted(report), report.doubtful) == ({"withheld": 2, "doubtful": 1}, (READERS[0],))
