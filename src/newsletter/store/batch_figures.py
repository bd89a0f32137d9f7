"""What became of a mailing's letters, batch by batch, so that only the batches that moved need be counted again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.progress import BatchFigures, BatchState, DoubtfulLetter, RelayAnswer
from newsletter.store.database import Transaction
from newsletter.store.sender_health import domain_of
from newsletter.store.tables import batches, deliveries, subscribers

_IN_BATCH = and_(
    deliveries.c.mailing_id == batches.c.mailing_id,
    deliveries.c.position.between(batches.c.first_position, batches.c.last_position),
)
_ANSWERED_AT = func.coalesce(deliveries.c.settled_at, deliveries.c.first_try_at)


def list_states(transaction: Transaction, mailing_id: int) -> dict[int, BatchState]:
    """Return the state of each batch of a mailing, by its number."""
    query = select(batches.c.number, batches.c.fence, batches.c.due_at, batches.c.worker_id)
    return {
        number: BatchState(fence=fence, due_at=due_at, is_claimed=worker is not None)
        for number, fence, due_at, worker in transaction.execute(query.where(batches.c.mailing_id == mailing_id))
    }


def find_largest_domains(transaction: Transaction, mailing_id: int, *, limit: int) -> tuple[str, ...]:
    """Return the domains that most letters of a mailing go to."""
    domain = domain_of(transaction)
    query = (
        select(domain)
        .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(deliveries.c.mailing_id == mailing_id)
        .group_by(domain)
        .order_by(func.count().desc(), domain)
        .limit(limit)
    )
    return tuple(transaction.scalars(query))


def count_batches(
    transaction: Transaction, mailing_id: int, numbers: Collection[int] | None, *, domains: Sequence[str]
) -> dict[int, BatchFigures]:
    """Count the letters of some batches, or of all where ``numbers`` is None; of all domains but these as one."""
    domain = domain_of(transaction)
    shown = case((domain.in_(domains), domain), else_="").label("domain")
    query: Any = (
        select(batches.c.number, deliveries.c.status, deliveries.c.reason, shown, func.count(), func.max(_ANSWERED_AT))
        .join_from(batches, deliveries, _IN_BATCH)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .where(batches.c.mailing_id == mailing_id, _is_one_of(numbers))
        .group_by(batches.c.number, deliveries.c.status, deliveries.c.reason, shown)
    )
    found: dict[int, BatchFigures] = {}
    for number, status, reason, name, count, answered_at in transaction.execute(query):
        figures = found.get(number) or BatchFigures()
        figures.counts[DeliveryStatus(status), reason or "", name] += count
        latest = max((at for at in (figures.answered_at, answered_at) if at), default=None)
        found[number] = BatchFigures(counts=figures.counts, answered_at=latest)
    return found


def list_answers(
    transaction: Transaction, mailing_id: int, numbers: Collection[int], *, limit: int
) -> list[RelayAnswer]:
    """Return the relay's last answers to the letters of some batches, the latest first."""
    query = (
        select(_ANSWERED_AT.label("at"), deliveries.c.status, deliveries.c.reply_code, deliveries.c.reply_text)
        .join_from(batches, deliveries, _IN_BATCH)
        .where(batches.c.mailing_id == mailing_id, _is_one_of(numbers))
        .where(deliveries.c.reply_text.is_not(None), _ANSWERED_AT.is_not(None))
        .order_by(_ANSWERED_AT.desc(), deliveries.c.position.desc())
        .limit(limit)
    )
    return [
        RelayAnswer(at=row.at, status=DeliveryStatus(row.status), code=row.reply_code, text=row.reply_text)
        for row in transaction.execute(query)
    ]


def list_doubtful(
    transaction: Transaction, mailing_id: int, numbers: Collection[int], *, limit: int
) -> list[DoubtfulLetter]:
    """Return the doubtful letters of some batches, in the order of their positions."""
    query = (
        select(deliveries.c.position, subscribers.c.address, deliveries.c.first_try_at)
        .join_from(batches, deliveries, _IN_BATCH)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .where(batches.c.mailing_id == mailing_id, _is_one_of(numbers))
        .where(deliveries.c.status == DeliveryStatus.DOUBTFUL)
        .order_by(deliveries.c.position)
        .limit(limit)
    )
    return [
        DoubtfulLetter(position=row.position, address=row.address, tried_at=row.first_try_at)
        for row in transaction.execute(query)
    ]


def _is_one_of(numbers: Collection[int] | None) -> ColumnElement[bool]:
    return batches.c.number.is_not(None) if numbers is None else batches.c.number.in_(numbers)
