"""The ledger: which letter is where, recorded strictly.

A batch is claimed under a fence that grows with every claim. Whatever is recorded of its letters (``store.progress``)
proves in the same statement that the claim still stands. A worker whose claim was taken over finds its fence outdated
and can neither settle nor send. The order in which rows are locked stands in ``store.mailing_locks``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    true,
    update,
)

from newsletter.domain.address import EmailAddress
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import (
    Batch,
    DeliveryId,
    DeliveryStatus,
    DoubtfulPolicy,
    MailingStatus,
    WithheldReason,
)
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.topic import Topic
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import (
    add_up,
    count_batch,
    drop_count,
)
from newsletter.store.mailing_locks import lock_batches, lock_mailing
from newsletter.store.seats import Seat
from newsletter.store.tables import batches, deliveries, mailings, subscribers, suppressions
from newsletter.store.totals import keep_totals

#: How long a claim stands without a sign of life. A worker that is stopped for longer finds its batch taken over, and
#: one whose machine is gone is followed by another within a minute.
LEASE = timedelta(seconds=45)

SENDABLE = [DeliveryStatus.QUEUED.value, DeliveryStatus.DEFERRED.value]

#: When the relay last answered about a delivery.
ANSWERED_AT = func.coalesce(deliveries.c.settled_at, deliveries.c.first_try_at)

# Of a delivery's subscriber.
IS_ACTIVE = exists().where(
    subscribers.c.id == deliveries.c.subscriber_id, subscribers.c.status == SubscriberStatus.ACTIVE
)
IS_SUPPRESSED = (
    exists()
    .where(subscribers.c.id == deliveries.c.subscriber_id)
    .where(suppressions.c.address_hash == subscribers.c.address_hash, suppressions.c.lifted_at.is_(None))
)

# Of a batch and its mailing: it is not the rest of a staged one, that is held.
_MAY_LEAVE = or_(mailings.c.first_share.is_(None), batches.c.last_position <= mailings.c.first_share)

# The statements of every claim are made once: making them takes longer than they run.
_COVERED = and_(
    deliveries.c.mailing_id == bindparam("of_mailing"),
    deliveries.c.position.between(bindparam("first"), bindparam("last")),
)
_WITHHOLDING = [
    update(deliveries)
    .where(_COVERED, deliveries.c.status.in_(SENDABLE), applies)
    .values(status=DeliveryStatus.WITHHELD, reason=reason, settled_at=bindparam("now"), next_try_at=None)
    for reason, applies in ((WithheldReason.UNSUBSCRIBED, ~IS_ACTIVE), (WithheldReason.SUPPRESSED, IS_SUPPRESSED))
]
_DUE_RECIPIENTS = (
    select(
        deliveries.c.position, deliveries.c.attempts, deliveries.c.first_try_at, deliveries.c.resent,
        subscribers.c.address, subscribers.c.public_id, subscribers.c.topics, subscribers.c.is_text_only,
    )
    .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    .where(
        _COVERED,
        or_(
            deliveries.c.status == DeliveryStatus.QUEUED,
            and_(deliveries.c.status == DeliveryStatus.DEFERRED, deliveries.c.next_try_at <= bindparam("now")),
        ),
    )
    .order_by(deliveries.c.position)
)  # fmt: skip
_STATE_OF_BATCH = select(
    func.min(
        case(
            (deliveries.c.status == DeliveryStatus.QUEUED, bindparam("queued_due_at", type_=batches.c.due_at.type)),
            (deliveries.c.status == DeliveryStatus.DEFERRED, deliveries.c.next_try_at),
        )
    ),
    func.max(ANSWERED_AT),
    func.count(case((deliveries.c.status == DeliveryStatus.DOUBTFUL, 1))),
).where(_COVERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch that is ours for now, with the letters to make."""

    batch: Batch
    recipients: tuple[Recipient, ...]
    #: deliveries that a dead worker left in flight
    found_doubtful: int


def claim_batch(
    transaction: Transaction,
    *,
    seat: Seat,
    now: datetime,
    doubtful: DoubtfulPolicy,
    only: tuple[int, int] | None = None,
) -> Claim | None:
    """Take the first batch that is due and that no living worker has; None if there is none.

    ``only`` is the one batch to take, by mailing and number.

    What a dead worker left in flight becomes doubtful, or is queued again under the policy ``resend``. Who has left or
    been suppressed since the audience was fixed is withheld here.
    """
    wanted = true() if only is None else and_(batches.c.mailing_id == only[0], batches.c.number == only[1])
    row = transaction.execute(
        select(batches)
        .join(mailings)
        .where(
            wanted,
            batches.c.due_at <= now,
            mailings.c.status == MailingStatus.RUNNING,
            _is_free(transaction, seat, now),
        )
        .where(_MAY_LEAVE)
        .order_by(batches.c.mailing_id, batches.c.number)
        .limit(1)
        .with_for_update(of=batches, skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    batch = read_next_claim(row)
    transaction.execute(
        update(batches)
        .where(is_row_of(batch))
        .values(worker_id=seat.worker, lease_until=now + LEASE, fence=batch.fence)
    )
    drop_count(transaction, batch.mailing, batch.number)
    found = 0
    if row.worker_id is not None:
        found = recover(transaction, covers(batch), doubtful=doubtful)
    withhold(transaction, batch.mailing, batch.first_position, batch.last_position, now=now)
    return Claim(batch=batch, recipients=_list_recipients(transaction, batch, now=now), found_doubtful=found)


def renew(transaction: Transaction, batch: Batch, *, now: datetime) -> bool:
    """Prolong a claim; False if the batch was taken over. Until the commit nobody else can take it.

    Who prolongs several in one transaction does so in their order, before anything else (``Batch.place``).
    """
    renewed = update(batches).where(is_row_of(batch), batches.c.fence == batch.fence).values(lease_until=now + LEASE)
    return transaction.execute(renewed).rowcount == 1


def finish_batch(
    transaction: Transaction, batch: Batch, *, now: datetime, queued_due_at: datetime | None = None
) -> None:
    """Give a batch back: due again when its next letter is, done if none is left. The last one ends the mailing.

    ``queued_due_at`` is when those are due that were never tried; without it at once. A claim that was taken over is
    nobody's to give back. Of a cancelled mailing nothing is left open.
    """
    # The last batch ends the mailing, and the last of a first share changes it.
    status = lock_mailing(transaction, batch.mailing)
    if not lock_batches(transaction, batch.mailing, is_row_of(batch), batches.c.fence == batch.fence):
        return
    if status is MailingStatus.CANCELLED:
        withhold_rest(transaction, covers(batch), now=now)
    given = {**_range(batch), "queued_due_at": queued_due_at or now}
    due_at, answered_at, doubtful = transaction.execute(_STATE_OF_BATCH, given).one()
    given_back = (
        update(batches)
        .where(is_row_of(batch), batches.c.fence == batch.fence, batches.c.worker_id.is_not(None))
        .values(worker_id=None, lease_until=None, due_at=due_at, answered_at=answered_at, doubtful=doubtful)
    )
    if transaction.execute(given_back).rowcount != 1:
        return
    count_batch(transaction, batch.mailing, batch.number)
    if due_at is None:
        finish_mailing(transaction, batch.mailing, now=now)


def finish_mailing(transaction: Transaction, mailing_id: int, *, now: datetime) -> None:
    """End a running mailing if nothing of it is due any more."""
    # The lock makes two workers that finish the last two batches wait for each other; else neither would see the end.
    if lock_mailing(transaction, mailing_id) is not MailingStatus.RUNNING:
        return
    unfinished = select(batches.c.number).where(batches.c.mailing_id == mailing_id, batches.c.due_at.is_not(None))
    if transaction.scalar(unfinished.limit(1)) is None:
        ended = {"status": MailingStatus.FINISHED, "finished_at": now}
        transaction.execute(update(mailings).filter_by(id=mailing_id).values(ended))
        add_up(transaction, mailing_id)
        keep_totals(transaction, mailing_id)


def next_due(transaction: Transaction) -> datetime | None:
    """Return when the next batch of a running or scheduled mailing is due."""
    alive = mailings.c.status.in_([MailingStatus.RUNNING, MailingStatus.SCHEDULED])
    due_at: datetime | None = transaction.scalar(select(func.min(batches.c.due_at)).join(mailings).where(alive))
    return due_at


def is_any_due(transaction: Transaction, *, now: datetime) -> bool:
    """Tell whether letters of a running or scheduled mailing are due, whether or not somebody has them already."""
    alive = mailings.c.status.in_([MailingStatus.RUNNING, MailingStatus.SCHEDULED])
    due = select(batches.c.number).join(mailings).where(alive, batches.c.due_at <= now, _MAY_LEAVE)
    return transaction.scalar(due.limit(1)) is not None


def recover(transaction: Transaction, where: ColumnElement[bool], *, doubtful: DoubtfulPolicy) -> int:
    """Decide on deliveries that a dead worker left in flight; return how many there were."""
    if doubtful is DoubtfulPolicy.RESEND:
        values: dict[str, Any] = {"status": DeliveryStatus.QUEUED, "resent": True}
    else:
        values = {"status": DeliveryStatus.DOUBTFUL}
    values["reply_text"] = "The process that sent it died before the relay's answer was recorded."
    left = update(deliveries).where(where, deliveries.c.status == DeliveryStatus.IN_FLIGHT)
    return transaction.execute(left.values(values)).rowcount


def withhold_rest(transaction: Transaction, which: ColumnElement[bool], *, now: datetime) -> int:
    """Settle what is open of a cancelled mailing; return how many may have arrived once, which makes them doubtful."""
    left = update(deliveries).where(which, deliveries.c.status.in_(SENDABLE))
    settled = {"settled_at": now, "next_try_at": None}
    may_have_arrived = left.where(deliveries.c.resent).values(status=DeliveryStatus.DOUBTFUL, **settled)
    count = transaction.execute(may_have_arrived).rowcount
    withheld = {"status": DeliveryStatus.WITHHELD, "reason": WithheldReason.CANCELLED}
    transaction.execute(left.values(**withheld, **settled))
    return count


def _is_free(transaction: Transaction, seat: Seat, now: datetime) -> ColumnElement[bool]:
    """Nobody has it, its lease ran out, or its worker's seat is empty."""
    holders = select(batches.c.worker_id).where(batches.c.worker_id.is_not(None), batches.c.worker_id != seat.worker)
    dead = [worker for worker in transaction.scalars(holders.distinct()) if seat.is_dead(transaction, worker)]
    return or_(batches.c.worker_id.is_(None), batches.c.lease_until < now, batches.c.worker_id.in_(dead))


def read_next_claim(row: Row[Any]) -> Batch:
    """Return a batch under the claim that follows the last one."""
    return Batch(
        mailing=row.mailing_id,
        number=row.number,
        first_position=row.first_position,
        last_position=row.last_position,
        fence=row.fence + 1,
    )


def covers(batch: Batch) -> ColumnElement[bool]:
    """Of a delivery: it is in the batch."""
    in_range = deliveries.c.position.between(batch.first_position, batch.last_position)
    return and_(deliveries.c.mailing_id == batch.mailing, in_range)


def is_row_of(batch: Batch) -> ColumnElement[bool]:
    return and_(batches.c.mailing_id == batch.mailing, batches.c.number == batch.number)


def withhold(transaction: Transaction, mailing: int, first: int, last: int, *, now: datetime) -> None:
    """Withhold what is not sent yet, between two positions, from those who have left or been suppressed."""
    for withholding in _WITHHOLDING:
        transaction.execute(withholding, {"of_mailing": mailing, "first": first, "last": last, "now": now})


def _range(batch: Batch) -> dict[str, int]:
    """Return what ``_COVERED`` is to mean."""
    return {"of_mailing": batch.mailing, "first": batch.first_position, "last": batch.last_position}


def _list_recipients(transaction: Transaction, batch: Batch, *, now: datetime) -> tuple[Recipient, ...]:
    rows = transaction.execute(_DUE_RECIPIENTS, {**_range(batch), "now": now})
    return tuple(
        Recipient(
            delivery=DeliveryId(batch.mailing, position),
            address=EmailAddress(address),
            public_id=public_id,
            topics=_read_topics(topics),
            is_text_only=is_text_only,
            attempts=attempts,
            first_try_at=first_try_at,
            is_resent=resent,
        )
        # at once, which costs less than row by row
        for position, attempts, first_try_at, resent, address, public_id, topics, is_text_only in rows.all()
    )


@cache
def _read_topics(number: int) -> Topic:
    """Return the topics of a number: few, for very many recipients."""
    return Topic(number)
