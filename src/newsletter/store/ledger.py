"""The ledger: which letter is where, recorded strictly.

A batch is claimed under a fence that grows with every claim. Each commit renews the claim and proves it still stands,
then records outcomes and what is about to be released. A worker whose claim was taken over finds its fence outdated
and can neither settle nor send.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, literal, or_, select, update

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
from newsletter.domain.settlement import Settlement
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.topic import Topic
from newsletter.store.database import Transaction
from newsletter.store.prepared import Prepared
from newsletter.store.seats import Seat
from newsletter.store.suppressions import suppress
from newsletter.store.tables import batches, deliveries, mailings, subscribers, suppressions

#: How long a claim stands without a commit. A worker that is stopped for longer finds its batch taken over.
LEASE = timedelta(minutes=3)

_SENDABLE = [DeliveryStatus.QUEUED.value, DeliveryStatus.DEFERRED.value]

# Of a delivery's subscriber.
_IS_ACTIVE = exists().where(
    subscribers.c.id == deliveries.c.subscriber_id, subscribers.c.status == SubscriberStatus.ACTIVE
)
_IS_SUPPRESSED = (
    exists()
    .where(subscribers.c.id == deliveries.c.subscriber_id)
    .where(suppressions.c.address_hash == subscribers.c.address_hash, suppressions.c.lifted_at.is_(None))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch that is ours for now, with the letters to make."""

    batch: Batch
    recipients: tuple[Recipient, ...]
    #: deliveries that a dead worker left in flight
    found_doubtful: int


def claim_batch(transaction: Transaction, *, seat: Seat, now: datetime, doubtful: DoubtfulPolicy) -> Claim | None:
    """Take the first batch that is due and that no living worker has; None if there is none.

    What a dead worker left in flight becomes doubtful, or is queued again under the policy ``resend``. Who has left or
    been suppressed since the audience was fixed is withheld here.
    """
    row = transaction.execute(
        select(batches)
        .join(mailings)
        .where(batches.c.due_at <= now, mailings.c.status == MailingStatus.RUNNING, _is_free(transaction, seat, now))
        .where(or_(mailings.c.first_share.is_(None), batches.c.last_position <= mailings.c.first_share))
        .order_by(batches.c.mailing_id, batches.c.number)
        .limit(1)
        .with_for_update(of=batches, skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    batch = Batch(
        mailing=row.mailing_id,
        number=row.number,
        first_position=row.first_position,
        last_position=row.last_position,
        fence=row.fence + 1,
    )
    transaction.execute(
        update(batches)
        .where(_is_row_of(batch))
        .values(worker_id=seat.worker, lease_until=now + LEASE, fence=batch.fence)
    )
    found = recover(transaction, _covers(batch), doubtful=doubtful) if row.worker_id is not None else 0
    _withhold(transaction, _covers(batch), now=now)
    return Claim(batch=batch, recipients=_list_recipients(transaction, batch, now=now), found_doubtful=found)


_RENEW = Prepared(
    update(batches)
    .where(batches.c.mailing_id == bindparam("of_mailing"), batches.c.number == bindparam("of_number"))
    .where(batches.c.fence == bindparam("of_fence"))
    .values(lease_until=bindparam("until"))
)


def renew(transaction: Transaction, batch: Batch, *, now: datetime) -> bool:
    """Prolong a claim; False if the batch was taken over. Until the commit nobody else can take it."""
    row = {"of_mailing": batch.mailing, "of_number": batch.number, "of_fence": batch.fence, "until": now + LEASE}
    return _RENEW.run(transaction, [row]) == 1


_OUTCOME = Prepared(
    update(deliveries)
    .where(deliveries.c.mailing_id == bindparam("of_mailing"), deliveries.c.position == bindparam("of_position"))
    .values(
        status=bindparam("status"),
        reply_code=bindparam("reply_code"),
        reply_text=bindparam("reply_text"),
        reason=bindparam("reason"),
        next_try_at=bindparam("next_try_at"),
        settled_at=bindparam("settled_at"),
        attempts=deliveries.c.attempts + 1,
        first_try_at=func.coalesce(
            deliveries.c.first_try_at, bindparam("tried_at", type_=deliveries.c.settled_at.type)
        ),
        resent=or_(deliveries.c.resent, bindparam("is_resent")),
    )
)

_IN_FLIGHT = Prepared(
    update(deliveries)
    .where(deliveries.c.mailing_id == bindparam("of_mailing"), deliveries.c.position == bindparam("of_position"))
    .where(or_(*(deliveries.c.status == status for status in _SENDABLE)))  # IN cannot be used with many rows at once
    .where(_IS_ACTIVE, ~_IS_SUPPRESSED)
    .values(status=DeliveryStatus.IN_FLIGHT.value)
)


def record_outcomes(transaction: Transaction, settlements: Sequence[Settlement], *, now: datetime) -> None:
    """Write what became of letters, and suppress the addresses that a rejection names as dead."""
    if not settlements:
        return
    _OUTCOME.run(transaction, [_outcome_row(settlement, now) for settlement in settlements])
    for settlement in settlements:
        if settlement.is_suppressing:
            _suppress_rejected(transaction, settlement, now=now)


def mark_in_flight(transaction: Transaction, starting: Sequence[DeliveryId], *, now: datetime) -> set[DeliveryId]:
    """Record that letters are about to be released; return those that must not be.

    The last look at the reader: who has left or been suppressed since the batch was claimed is withheld here, and so
    is everybody whose mailing was cancelled meanwhile.
    """
    if not starting:
        return set()
    rows = [{"of_mailing": delivery.mailing, "of_position": delivery.position} for delivery in starting]
    if _IN_FLIGHT.run(transaction, rows) == len(starting):
        return set()
    withdrawn = {each for each in starting if _status_of(transaction, each) is not DeliveryStatus.IN_FLIGHT}
    for delivery in withdrawn:
        this = and_(deliveries.c.mailing_id == delivery.mailing, deliveries.c.position == delivery.position)
        _withhold(transaction, this, now=now)
    return withdrawn


def requeue(transaction: Transaction, refused: Sequence[DeliveryId], *, now: datetime) -> None:
    """Take rejections back that were about us and not about these recipients."""
    for delivery in refused:
        transaction.execute(
            update(deliveries)
            .where(deliveries.c.mailing_id == delivery.mailing, deliveries.c.position == delivery.position)
            .where(deliveries.c.status == DeliveryStatus.REJECTED)
            .values(status=DeliveryStatus.QUEUED, reason=None, settled_at=None)
        )
        transaction.execute(
            update(batches)
            .where(batches.c.mailing_id == delivery.mailing, batches.c.due_at.is_(None))
            .where(batches.c.first_position <= delivery.position, batches.c.last_position >= delivery.position)
            .values(due_at=now)
        )


def finish_batch(
    transaction: Transaction, batch: Batch, *, now: datetime, queued_due_at: datetime | None = None
) -> None:
    """Give a batch back: due again when its next letter is, done if none is left. The last one ends the mailing.

    ``queued_due_at`` is when those are due that were never tried; without it at once.
    """
    remaining = case(
        (deliveries.c.status == DeliveryStatus.QUEUED, literal(queued_due_at or now, batches.c.due_at.type)),
        else_=deliveries.c.next_try_at,
    )
    due_at = transaction.scalar(select(func.min(remaining)).where(_covers(batch), deliveries.c.status.in_(_SENDABLE)))
    transaction.execute(
        update(batches)
        .where(_is_row_of(batch), batches.c.fence == batch.fence)
        .values(worker_id=None, lease_until=None, due_at=due_at)
    )
    if due_at is None:
        finish_mailing(transaction, batch.mailing, now=now)


def finish_mailing(transaction: Transaction, mailing_id: int, *, now: datetime) -> None:
    """End a running mailing if nothing of it is due any more."""
    # The lock makes two workers that finish the last two batches wait for each other; else neither would see the end.
    running = select(mailings.c.id).where(mailings.c.id == mailing_id, mailings.c.status == MailingStatus.RUNNING)
    if transaction.scalar(running.with_for_update()) is None:
        return
    unfinished = select(batches.c.number).where(batches.c.mailing_id == mailing_id, batches.c.due_at.is_not(None))
    if transaction.scalar(unfinished.limit(1)) is None:
        ended = {"status": MailingStatus.FINISHED, "finished_at": now}
        transaction.execute(update(mailings).filter_by(id=mailing_id).values(ended))


def next_due(transaction: Transaction) -> datetime | None:
    """Return when the next batch of a running or scheduled mailing is due."""
    alive = mailings.c.status.in_([MailingStatus.RUNNING, MailingStatus.SCHEDULED])
    due_at: datetime | None = transaction.scalar(select(func.min(batches.c.due_at)).join(mailings).where(alive))
    return due_at


def recover(transaction: Transaction, where: ColumnElement[bool], *, doubtful: DoubtfulPolicy) -> int:
    """Decide on deliveries that a dead worker left in flight; return how many there were."""
    if doubtful is DoubtfulPolicy.RESEND:
        values: dict[str, Any] = {"status": DeliveryStatus.QUEUED, "resent": True}
    else:
        values = {"status": DeliveryStatus.DOUBTFUL}
    values["reply_text"] = "The process that sent it died before the relay's answer was recorded."
    left = update(deliveries).where(where, deliveries.c.status == DeliveryStatus.IN_FLIGHT)
    return transaction.execute(left.values(values)).rowcount


def resend_doubtful(transaction: Transaction, mailing_id: int, *, now: datetime) -> int:
    """Queue a mailing's doubtful letters again; return how many."""
    is_doubtful = and_(deliveries.c.mailing_id == mailing_id, deliveries.c.status == DeliveryStatus.DOUBTFUL)
    touched = (
        select(1)
        .where(is_doubtful, deliveries.c.position.between(batches.c.first_position, batches.c.last_position))
        .exists()
    )
    transaction.execute(update(batches).where(batches.c.mailing_id == mailing_id, touched).values(due_at=now))
    again = update(deliveries).where(is_doubtful).values(status=DeliveryStatus.QUEUED, resent=True, settled_at=None)
    return transaction.execute(again).rowcount


def _is_free(transaction: Transaction, seat: Seat, now: datetime) -> ColumnElement[bool]:
    """Nobody has it, its lease ran out, or its worker's seat is empty."""
    holders = select(batches.c.worker_id).where(batches.c.worker_id.is_not(None), batches.c.worker_id != seat.worker)
    dead = [worker for worker in transaction.scalars(holders.distinct()) if seat.is_dead(transaction, worker)]
    return or_(batches.c.worker_id.is_(None), batches.c.lease_until < now, batches.c.worker_id.in_(dead))


def _is_row_of(batch: Batch) -> ColumnElement[bool]:
    return and_(batches.c.mailing_id == batch.mailing, batches.c.number == batch.number)


def _covers(batch: Batch) -> ColumnElement[bool]:
    in_range = deliveries.c.position.between(batch.first_position, batch.last_position)
    return and_(deliveries.c.mailing_id == batch.mailing, in_range)


def _withhold(transaction: Transaction, where: ColumnElement[bool], *, now: datetime) -> None:
    """Withhold what is not sent yet from those who have left or been suppressed."""
    sendable = and_(where, deliveries.c.status.in_(_SENDABLE))
    for reason, applies in ((WithheldReason.UNSUBSCRIBED, ~_IS_ACTIVE), (WithheldReason.SUPPRESSED, _IS_SUPPRESSED)):
        withheld = {"status": DeliveryStatus.WITHHELD, "reason": reason, "settled_at": now, "next_try_at": None}
        transaction.execute(update(deliveries).where(sendable, applies).values(withheld))


def _list_recipients(transaction: Transaction, batch: Batch, *, now: datetime) -> tuple[Recipient, ...]:
    is_due = or_(
        deliveries.c.status == DeliveryStatus.QUEUED,
        and_(deliveries.c.status == DeliveryStatus.DEFERRED, deliveries.c.next_try_at <= now),
    )
    query = (
        select(
            deliveries.c.position, deliveries.c.attempts, deliveries.c.first_try_at,
            subscribers.c.address, subscribers.c.public_id, subscribers.c.topics,
            subscribers.c.is_text_only,
        )
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(_covers(batch), is_due)
        .order_by(deliveries.c.position)
    )  # fmt: skip
    return tuple(
        Recipient(
            delivery=DeliveryId(batch.mailing, position),
            address=EmailAddress(address),
            public_id=public_id,
            topics=Topic(topics),
            is_text_only=is_text_only,
            attempts=attempts,
            first_try_at=first_try_at,
        )
        for position, attempts, first_try_at, address, public_id, topics, is_text_only in transaction.execute(query)
    )


def _outcome_row(settlement: Settlement, now: datetime) -> dict[str, Any]:
    is_open = settlement.status in {DeliveryStatus.QUEUED, DeliveryStatus.DEFERRED}
    return {
        "of_mailing": settlement.delivery.mailing,
        "of_position": settlement.delivery.position,
        "status": settlement.status.value,
        "reply_code": settlement.reply_code,
        "reply_text": settlement.reply_text,
        "reason": settlement.reason,
        "next_try_at": settlement.next_try_at,
        "settled_at": None if is_open else now,
        "tried_at": now,
        "is_resent": settlement.is_resent,
    }


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
