"""Deliver the notices that are due, each recorded before it leaves and after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from newsletter.domain.budget import Limits
from newsletter.domain.letter import Letter
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.notice import Notice, NoticeSettlement, settle_notice
from newsletter.domain.reply import Outcome, Unknown
from newsletter.errors import NewsletterError
from newsletter.log import log
from newsletter.service.grant_letters import find_wait, grant_notice, hold_budgets
from newsletter.service.ports import Connect, Session
from newsletter.store import notices
from newsletter.store.database import Database

#: The rest of a notice that could not even be tried, so that the others come first next time.
_REST = timedelta(minutes=1)

_LOOK_SECONDS = 0.2  # how soon the wait for the pace ends when it is time to stop


async def deliver_notices(
    *,
    database: Database,
    clock: Callable[[], datetime],
    connect: Connect,
    write: Callable[[Notice], Letter],
    limits: Limits,
    is_stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Deliver what is due over one session; return how many notices were settled or deferred.

    They count against the relay's limits like all letters, and have a share of its quotas kept for them. Any number of
    processes may do this at once: a notice that one of them has in flight is nobody else's. One whose process died is
    sent again. Raises RelayError when the relay refuses us or is gone; nothing is lost then.
    """
    if not await asyncio.to_thread(_is_any_due, database, limits, clock()):
        return 0
    tried = 0
    session = await connect()
    try:
        while not is_stopping() and (claimed := await asyncio.to_thread(_claim, database, limits, clock())):
            notice, leaves_at = claimed
            if not await _hold(leaves_at - clock(), is_stopping):
                await asyncio.to_thread(_save, database, notice, _give_back(clock()), clock())
                break
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


async def _hold(wait: timedelta, is_stopping: Callable[[], bool]) -> bool:
    """Wait for the pace; False if it is time to stop."""
    loop = asyncio.get_running_loop()
    end = loop.time() + wait.total_seconds()
    while not is_stopping() and (left := end - loop.time()) > 0:  # noqa: ASYNC110 - stopping is a question, not an event
        await asyncio.sleep(min(left, _LOOK_SECONDS))
    return not is_stopping()


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
        given_back = _give_back(clock() + _REST, reply=str(error))
        await asyncio.to_thread(_save, database, notice, given_back, clock())
        raise
    return refusal if refusal is not None else await session.release(None)


def _give_back(due_at: datetime, *, reply: str = "") -> NoticeSettlement:
    return NoticeSettlement(status=DeliveryStatus.QUEUED, reply=reply, due_at=due_at)


def _is_any_due(database: Database, limits: Limits, now: datetime) -> bool:
    with database.snapshot() as snapshot:
        if find_wait(snapshot, limits, now=now, for_notices=True):
            return False
        return notices.is_any_due(snapshot, now=now)


def _claim(database: Database, limits: Limits, now: datetime) -> tuple[Notice, datetime] | None:
    """Take the next notice, and the time at which it may leave."""
    with database.transaction() as transaction:
        hold_budgets(transaction, limits, now=now)
        if find_wait(transaction, limits, now=now, for_notices=True):
            return None
        notice = notices.claim_notice(transaction, now=now)
        if notice is None:
            return None
        return notice, grant_notice(transaction, notice.address.domain, limits, now=now)


def _save(database: Database, notice: Notice, settlement: NoticeSettlement, now: datetime) -> None:
    with database.transaction() as transaction:
        notices.save_settlement(transaction, notice, settlement, now=now)
