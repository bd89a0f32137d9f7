"""Cancelling a mailing while workers are at it, on both databases."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest

from mailing_stand import a_plant, add_readers, open_a_mailing, report_on
from newsletter.domain.letter import Letter
from newsletter.domain.mailing import DeliveryStatus, MailingStatus
from newsletter.domain.reply import Accepted, Outcome, Reply
from newsletter.engine.embedded import EmbeddedEngine
from newsletter.engine.worker import Worker
from newsletter.service.control_mailing import cancel_mailing
from newsletter.service.ports import Session
from newsletter.store.database import Database
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
