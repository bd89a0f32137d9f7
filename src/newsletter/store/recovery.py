"""Letters that are taken up again: what dead workers left, what was refused for our fault, what an editor resends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import and_, exists, func, literal, or_, select, update

from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy, MailingStatus
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import CAN_BE_DOUBTFUL, IS_IN_BATCH, count_anew, has_reduced, take_apart
from newsletter.store.ledger import covers, finish_batch, is_row_of, read_next_claim, recover
from newsletter.store.mailing_locks import lock_batches, lock_mailing
from newsletter.store.tables import batches, deliveries, mailings

_STOPPED = [MailingStatus.PAUSED, MailingStatus.CANCELLED]


def list_stopped_claims(transaction: Transaction) -> list[int]:
    """Return the paused and cancelled mailings of which some worker has a batch, living or dead."""
    claimed = select(batches.c.mailing_id).join(mailings).where(batches.c.worker_id.is_not(None))
    stopped = claimed.where(mailings.c.status.in_(_STOPPED)).distinct().order_by(batches.c.mailing_id)
    return list(transaction.scalars(stopped))


def recover_stopped(
    transaction: Transaction,
    *,
    is_dead: Callable[[Transaction, int], bool],
    doubtful: DoubtfulPolicy,
    now: datetime,
) -> None:
    """Give back what dead workers have of paused and cancelled mailings, which nobody claims.

    What they left in flight is decided on as by a claim; but of a cancelled mailing nothing is sent again, so there
    all of it is doubtful.
    """
    for mailing_id in list_stopped_claims(transaction):
        status = lock_mailing(transaction, mailing_id)
        if status not in _STOPPED:
            continue
        numbers = lock_batches(transaction, mailing_id, batches.c.worker_id.is_not(None))
        claimed = select(batches).where(batches.c.mailing_id == mailing_id, batches.c.number.in_(numbers))
        rows = transaction.execute(claimed.order_by(batches.c.number)).all()
        dead = {worker for worker in {row.worker_id for row in rows} if is_dead(transaction, worker)}
        for row in rows:
            if row.worker_id in dead or row.lease_until < now:
                batch = read_next_claim(row)
                transaction.execute(update(batches).where(is_row_of(batch)).values(fence=batch.fence))
                policy = DoubtfulPolicy.HOLD if status is MailingStatus.CANCELLED else doubtful
                recover(transaction, covers(batch), doubtful=policy)
                finish_batch(transaction, batch, now=now)


def requeue(transaction: Transaction, refused: Sequence[DeliveryId], *, now: datetime) -> None:
    """Take rejections back that were about us and not about these recipients; none of a mailing that has ended."""
    by_mailing: defaultdict[int, list[int]] = defaultdict(list)
    for delivery in refused:
        by_mailing[delivery.mailing].append(delivery.position)
    for mailing_id, positions in sorted(by_mailing.items()):
        if lock_mailing(transaction, mailing_id) not in {MailingStatus.RUNNING, MailingStatus.PAUSED}:
            continue
        having = or_(*(literal(each).between(batches.c.first_position, batches.c.last_position) for each in positions))
        numbers = lock_batches(transaction, mailing_id, having)
        touched = update(batches).where(batches.c.mailing_id == mailing_id, batches.c.number.in_(numbers))
        transaction.execute(touched.values(due_at=func.coalesce(batches.c.due_at, now)))
        transaction.execute(
            update(deliveries)
            .where(deliveries.c.mailing_id == mailing_id, deliveries.c.position.in_(positions))
            .where(deliveries.c.status == DeliveryStatus.REJECTED)
            .values(status=DeliveryStatus.QUEUED, reason=None, settled_at=None)
        )
        count_anew(transaction, mailing_id, numbers)


def resend_doubtful(transaction: Transaction, mailing_id: int, *, now: datetime) -> int:
    """Queue a mailing's doubtful letters again; return how many. None of letters that are only counted any more."""
    is_ended = lock_mailing(transaction, mailing_id) is MailingStatus.FINISHED
    if is_ended and has_reduced(transaction, mailing_id):
        return 0
    is_doubtful = and_(deliveries.c.mailing_id == mailing_id, deliveries.c.status == DeliveryStatus.DOUBTFUL)
    having = exists().where(IS_IN_BATCH, is_doubtful)
    numbers = lock_batches(transaction, mailing_id, CAN_BE_DOUBTFUL, having)
    if not numbers:
        return 0
    made_due = update(batches).where(batches.c.mailing_id == mailing_id, batches.c.number.in_(numbers))
    transaction.execute(made_due.values(due_at=now, doubtful=0))
    again = update(deliveries).where(is_doubtful).values(status=DeliveryStatus.QUEUED, resent=True, settled_at=None)
    count = transaction.execute(again).rowcount
    if is_ended:
        take_apart(transaction, mailing_id)
    else:
        count_anew(transaction, mailing_id, numbers)
    return count
