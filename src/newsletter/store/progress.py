"""What the letters of claimed batches have come to: recorded for many at once, by one statement.

It is the statement of the hot path. In it stands all that makes the ledger strict: the outcome of one letter, that the
next one is in flight, the proof that the claim stands, and the last look at the reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, FromClause, Integer, Update, and_, case, func, or_, select, update

from newsletter.domain.mailing import Batch, DeliveryId, DeliveryStatus
from newsletter.domain.settlement import Settlement
from newsletter.domain.suppression import SuppressionReason
from newsletter.store.database import Transaction
from newsletter.store.group_update import Columns, GroupUpdate
from newsletter.store.ledger import IS_ACTIVE, IS_SUPPRESSED, SENDABLE, is_row_of, withhold
from newsletter.store.suppressions import suppress
from newsletter.store.tables import batches, deliveries, subscribers

#: One letter's part of a commit: the values of ``_GIVEN``.
_Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What of a commit's letters must not be released, and why."""

    #: batches that another worker has now
    taken_over: frozenset[Batch] = frozenset()
    #: letters whose reader has left or been suppressed, or whose mailing was cancelled
    withheld: frozenset[DeliveryId] = frozenset()


_GIVEN: Columns = {
    "mailing_id": BigInteger(),
    "number": Integer(),
    "fence": Integer(),
    "position": Integer(),
    "status": deliveries.c.status.type,
    "reply_code": deliveries.c.reply_code.type,
    "reply_text": deliveries.c.reply_text.type,
    "reason": deliveries.c.reason.type,
    "next_try_at": deliveries.c.next_try_at.type,
    "settled_at": deliveries.c.settled_at.type,
    # Of a letter that was tried; none for one that is about to be.
    "tried_at": deliveries.c.first_try_at.type,
    # The same, where the relay said something about the recipient: the time for further tries begins with it.
    "first_try_at": deliveries.c.first_try_at.type,
    "resent": deliveries.c.resent.type,
}


def _write_record(given: FromClause) -> Update:
    is_claim = and_(batches.c.mailing_id == given.c.mailing_id, batches.c.number == given.c.number)
    # The fence proves that the claim still stands; the lock, that it does until the commit (SQLite has one writer).
    standing = (
        select(*given.c)
        .join_from(given, batches, and_(is_claim, batches.c.fence == given.c.fence))
        .order_by(batches.c.mailing_id, batches.c.number)  # in which all locks are taken: store.mailing_locks
        .with_for_update(read=True, of=batches)
        .subquery("standing")
    )
    is_sendable = or_(*(deliveries.c.status == status for status in SENDABLE))
    may_start = and_(is_sendable, IS_ACTIVE, ~IS_SUPPRESSED)
    return (
        update(deliveries)
        .where(deliveries.c.mailing_id == standing.c.mailing_id, deliveries.c.position == standing.c.position)
        .where(or_(standing.c.tried_at.is_not(None), may_start))
        .values(
            status=standing.c.status,
            reply_code=standing.c.reply_code,
            reply_text=standing.c.reply_text,
            reason=standing.c.reason,
            next_try_at=standing.c.next_try_at,
            settled_at=standing.c.settled_at,
            attempts=deliveries.c.attempts + case((standing.c.tried_at.is_(None), 0), else_=1),
            first_try_at=func.coalesce(deliveries.c.first_try_at, standing.c.first_try_at),
            resent=or_(deliveries.c.resent, standing.c.resent),
        )
    )


_RECORD = GroupUpdate(_GIVEN, _write_record)


def record(
    transaction: Transaction,
    settled: Sequence[tuple[Batch, Settlement]],
    starting: Sequence[tuple[Batch, DeliveryId]],
    *,
    now: datetime,
) -> Withdrawn:
    """Write what became of letters, and that others are in flight; return those that must not be released.

    It is the last look at their readers: who has left or been suppressed since the batch was claimed is withheld, and
    so is everybody whose mailing was cancelled meanwhile. Of a batch that was taken over nothing is written. An
    address that a rejection names as dead is suppressed; that takes a whole transaction. Else one statement does where
    all may be released, and what follows it where some may not only looks, and withholds whom it may at any time.
    """
    rows = [_outcome_row(batch, settlement, now) for batch, settlement in settled]
    rows += [_starting_row(batch, delivery) for batch, delivery in starting]
    if not rows:
        return Withdrawn()
    is_complete = _RECORD.run(transaction, rows) == len(rows)
    taken_over = (
        frozenset[Batch]()
        if is_complete
        else _find_taken_over(transaction, {batch for batch, *_ in [*settled, *starting]})
    )
    for batch, settlement in settled:
        if settlement.is_suppressing and batch not in taken_over:
            _suppress_rejected(transaction, settlement, now=now)
    if is_complete:
        return Withdrawn()
    withheld = frozenset(
        delivery
        for batch, delivery in starting
        if batch not in taken_over and _status_of(transaction, delivery) is not DeliveryStatus.IN_FLIGHT
    )
    for delivery in withheld:
        withhold(transaction, delivery.mailing, delivery.position, delivery.position, now=now)
    return Withdrawn(taken_over, withheld)


def _outcome_row(batch: Batch, settlement: Settlement, now: datetime) -> _Row:
    is_open = settlement.status in {DeliveryStatus.QUEUED, DeliveryStatus.DEFERRED}
    return (
        batch.mailing,
        batch.number,
        batch.fence,
        settlement.delivery.position,
        settlement.status.value,
        settlement.reply_code,
        settlement.reply_text,
        settlement.reason,
        settlement.next_try_at,
        None if is_open else now,
        now,
        None if settlement.is_postponed else now,
        settlement.is_resent,
    )


def _starting_row(batch: Batch, delivery: DeliveryId) -> _Row:
    empty = (None, None, None, None, None, None, None)
    return (batch.mailing, batch.number, batch.fence, delivery.position, DeliveryStatus.IN_FLIGHT.value, *empty, False)


def _find_taken_over(transaction: Transaction, touched: Iterable[Batch]) -> frozenset[Batch]:
    return frozenset(
        batch for batch in touched if transaction.scalar(select(batches.c.fence).where(is_row_of(batch))) != batch.fence
    )


def _status_of(transaction: Transaction, delivery: DeliveryId) -> DeliveryStatus:
    query = select(deliveries.c.status).filter_by(mailing_id=delivery.mailing, position=delivery.position)
    return DeliveryStatus(transaction.execute(query).scalar_one())


def _suppress_rejected(transaction: Transaction, settlement: Settlement, *, now: datetime) -> None:
    mailing, position = settlement.delivery
    address_hash = transaction.scalar(
        select(subscribers.c.address_hash)
        .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
        .where(deliveries.c.mailing_id == mailing, deliveries.c.position == position)
    )
    if address_hash is not None:
        reply = f"{settlement.reply_code} {settlement.reply_text}"
        evidence = {"delivery": f"{mailing}/{position}", "reply": reply}
        suppress(transaction, address_hash, SuppressionReason.DEAD_ADDRESS, evidence=evidence, now=now)
