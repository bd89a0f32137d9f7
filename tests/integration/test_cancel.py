"""Cancelling a mailing while workers are at it, on both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from mailing_stand import a_plant, add_readers, open_a_mailing, report_on
from newsletter.domain.letter import Letter
from newsletter.domain.mailing import DeliveryStatus, MailingStatus
from newsletter.domain.reply import Accepted, Outcome, Reply
from newsletter.engine.embedded import EmbeddedEngine
from newsletter.engine.worker import Worker
from newsletter.errors import IllegalMoveError, RefusedError
from newsletter.service.control_mailing import cancel_mailing, pause_mailing, resume_mailing
from newsletter.service.ports import Session
from newsletter.store import mailings
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
