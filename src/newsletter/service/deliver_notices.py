"""Deliver the notices that are due, each recorded before it leaves and after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from newsletter.domain.letter import Letter
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.notice import Notice, NoticeSettlement, settle_notice
from newsletter.domain.reply import Outcome, Unknown
from newsletter.errors import NewsletterError
from newsletter.service.ports import Connect, Session
from newsletter.store import notices
from newsletter.store.database import Database

log = structlog.get_logger(__name__)

#: The rest of a notice that could not even be tried, so that the others come first next time.
_REST = timedelta(minutes=1)


async def deliver_notices(
    *,
    database: Database,
    clock: Callable[[], datetime],
    connect: Connect,
    write: Callable[[Notice], Letter],
    is_stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Deliver what is due over one session; return how many notices were settled or deferred.

    Any number of processes may do this at once: a notice that one of them has in flight is nobody else's. One whose
    process died is sent again. Raises RelayError when the relay refuses us or is gone; nothing is lost then.
    """
    if not await asyncio.to_thread(_is_any_due, database, clock()):
        return 0
    tried = 0
    session = await connect()
    try:
        while not is_stopping() and (notice := await asyncio.to_thread(_claim, database, clock())):
            outcome = await _try(notice, session=session, write=write, database=database, clock=clock)
            settlement = settle_notice(notice, outcome, now=clock())
            await asyncio.to_thread(_save, database, notice, settlement, clock())
            log.info("notice tried", notice=notice.id, kind=notice.kind, status=settlement.status)
            tried += 1
            if isinstance(outcome, Unknown):  # the session is gone; the next call opens another
                break
    finally:
        await session.close()
    return tried


async def _try(
    notice: Notice,
    *,
    session: Session,
    write: Callable[[Notice], Letter],
    database: Database,
    clock: Callable[[], datetime],
) -> Outcome:
    try:
        letter = await asyncio.to_thread(write, notice)
        refusal = await session.stage(letter)
    except NewsletterError as error:
        given_back = NoticeSettlement(status=DeliveryStatus.QUEUED, reply=str(error), due_at=clock() + _REST)
        await asyncio.to_thread(_save, database, notice, given_back, clock())
        raise
    return refusal if refusal is not None else await session.release(None)


def _is_any_due(database: Database, now: datetime) -> bool:
    with database.snapshot() as snapshot:
        return notices.is_any_due(snapshot, now=now)


def _claim(database: Database, now: datetime) -> Notice | None:
    with database.transaction() as transaction:
        return notices.claim_notice(transaction, now=now)


def _save(database: Database, notice: Notice, settlement: NoticeSettlement, now: datetime) -> None:
    with database.transaction() as transaction:
        notices.save_settlement(transaction, notice, settlement, now=now)
