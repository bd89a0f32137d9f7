"""Why readers left: counted and quoted, and linked to nobody."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, insert, select, update

from newsletter.domain.leaving import LeavingCause, LeavingReason
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.store.database import Transaction
from newsletter.store.tables import leaving_reasons, subscribers


def take_say(transaction: Transaction, public_id: bytes) -> bool:
    """Note that a reader who has left says why; False if the reader has said so before, or is subscribed."""
    is_first = subscribers.c.status == SubscriberStatus.UNSUBSCRIBED, subscribers.c.gave_reason.is_(False)
    said = update(subscribers).where(subscribers.c.public_id == public_id, *is_first).values(gave_reason=True)
    return transaction.execute(said).rowcount == 1


def add_reason(transaction: Transaction, reason: LeavingReason) -> None:
    values = {"cause": reason.cause.value, "words": reason.words, "given_on": reason.given_on}
    transaction.execute(insert(leaving_reasons).values(values))


def count_causes(transaction: Transaction, *, since: date | None = None) -> dict[LeavingCause, int]:
    """Count the reasons by cause; every cause is there."""
    query = select(leaving_reasons.c.cause, func.count()).group_by(leaving_reasons.c.cause)
    if since:
        query = query.where(leaving_reasons.c.given_on >= since)
    counted = {LeavingCause(cause): count for cause, count in transaction.execute(query)}
    return {cause: counted.get(cause, 0) for cause in LeavingCause}


def list_words(transaction: Transaction, *, since: date | None = None, limit: int) -> list[LeavingReason]:
    """Return the reasons that were put in words, the latest first."""
    query = select(leaving_reasons).where(leaving_reasons.c.words != "").order_by(leaving_reasons.c.id.desc())
    if since:
        query = query.where(leaving_reasons.c.given_on >= since)
    return [
        LeavingReason(cause=LeavingCause(row.cause), words=row.words, given_on=row.given_on)
        for row in transaction.execute(query.limit(limit))
    ]
