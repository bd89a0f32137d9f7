"""Mailings: moved by rules, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, case, delete, exists, func, not_, or_, select, update

from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.mailing import (
    AudienceSize,
    DeliveryStatus,
    Mailing,
    MailingKind,
    MailingReport,
    MailingStatus,
    WithheldReason,
)
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.errors import NotFoundError
from newsletter.store import ledger
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import CAN_BE_DOUBTFUL, IS_IN_BATCH, FateCount, add_up, count_anew, list_fates
from newsletter.store.mailing_locks import lock_batches, lock_mailing
from newsletter.store.sender_health import select_came_back
from newsletter.store.subscribers import is_reading
from newsletter.store.tables import batches, deliveries, issues, mailing_totals, mailings, subscribers, suppressions
from newsletter.store.unsubscribes import count_resubscribed, count_unsubscribes


def find_mailing(transaction: Transaction, mailing_id: int, *, lock: bool = False) -> Mailing:
    """Return a mailing; ``lock`` keeps others from changing it until the end, for who changes what was read.

    Raises NotFoundError.
    """
    query = _select_mailings().where(mailings.c.id == mailing_id)
    row = transaction.execute(_lock(query) if lock else query).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no mailing {mailing_id}.")
    return _read_mailing(row)


def find_issue_mailing(transaction: Transaction, number: int) -> Mailing:
    """Return the mailing of issue ``number``. Raises NotFoundError if it has none yet."""
    query = _select_mailings().where(issues.c.number == number, mailings.c.kind == MailingKind.ISSUE)
    row = transaction.execute(query).one_or_none()
    if row is None:
        raise NotFoundError(f"Issue {number} has no mailing yet: 'newsletter issue send {number}' opens it.")
    return _read_mailing(row)


def has_unsent(transaction: Transaction, mailing_id: int) -> bool:
    """Tell whether letters of a mailing were not tried yet, or are in flight."""
    unsent = deliveries.c.status.in_([DeliveryStatus.QUEUED, DeliveryStatus.IN_FLIGHT])
    return bool(transaction.scalar(select(exists().where(deliveries.c.mailing_id == mailing_id, unsent))))


def find_next_due(transaction: Transaction, mailing_id: int) -> datetime | None:
    """Return when the next batch of a mailing is due; None when all of it is done."""
    due_at: datetime | None = transaction.scalar(select(func.min(batches.c.due_at)).filter_by(mailing_id=mailing_id))
    return due_at


def find_latest_started(transaction: Transaction) -> Mailing | None:
    """Return the mailing whose letters began to leave last; None if none has."""
    query = _select_mailings().where(mailings.c.started_at.is_not(None)).order_by(mailings.c.started_at.desc())
    row = transaction.execute(query.limit(1)).one_or_none()
    return None if row is None else _read_mailing(row)


def list_running(transaction: Transaction) -> list[Mailing]:
    """Return the mailings that run now, oldest first."""
    query = _select_mailings().where(mailings.c.status == MailingStatus.RUNNING).order_by(mailings.c.id)
    return [_read_mailing(row) for row in transaction.execute(query)]


def list_open(transaction: Transaction) -> list[Mailing]:
    """Return the mailings that have not ended, oldest first."""
    open_states = [MailingStatus.SCHEDULED, MailingStatus.RUNNING, MailingStatus.PAUSED]
    query = _select_mailings().where(mailings.c.status.in_(open_states)).order_by(mailings.c.id)
    return [_read_mailing(row) for row in transaction.execute(query)]


def list_left_doubtful(transaction: Transaction) -> list[tuple[Mailing, int]]:
    """Return the finished mailings that have doubtful letters, and how many, oldest first."""
    query = _select_mailings().add_columns(mailing_totals.c.letters)
    query = query.join(mailing_totals, mailing_totals.c.mailing_id == mailings.c.id)
    doubtful = mailing_totals.c.status == DeliveryStatus.DOUBTFUL, mailings.c.status == MailingStatus.FINISHED
    rows = transaction.execute(query.where(*doubtful).order_by(mailings.c.id))
    return [(_read_mailing(row), row.letters) for row in rows]


def list_latest(transaction: Transaction, *, until: int, limit: int) -> list[Mailing]:
    """Return the mailings of the latest issues up to number ``until``, the latest first."""
    query = _select_mailings().where(mailings.c.kind == MailingKind.ISSUE, issues.c.number <= until)
    return [_read_mailing(row) for row in transaction.execute(query.order_by(issues.c.number.desc()).limit(limit))]


def measure_audience(transaction: Transaction, *, before: int, day: date) -> AudienceSize:
    """Count whom a mailing would go to on ``day``, and whom the last issue but number ``before`` went to."""
    active = and_(subscribers.c.status == SubscriberStatus.ACTIVE, is_reading(day))
    # Two counts and a difference: the suppressed are few, and looking for each active subscriber among them is slow.
    suppressed = (
        # Within the count, and not beside lifted_at: else SQLite begins with all who are active.
        select(func.count(case((active, 1))))
        .join_from(suppressions, subscribers, suppressions.c.address_hash == subscribers.c.address_hash)
        .where(suppressions.c.lifted_at.is_(None))
    )
    last = (
        select(mailings.c.intended)
        .join(issues, issues.c.id == mailings.c.issue_id)
        .where(issues.c.number != before, mailings.c.kind == MailingKind.ISSUE)
        .order_by(mailings.c.id.desc())
        .limit(1)
    )
    everybody = _count(transaction, select(func.count()).select_from(subscribers).where(active))
    return AudienceSize(now=everybody - _count(transaction, suppressed), former=transaction.scalar(last))


def save_status(transaction: Transaction, mailing: Mailing) -> None:
    """Store status, its times and reason of a mailing that was read with a lock, and moved."""
    values = {
        "status": mailing.status, "started_at": mailing.started_at, "finished_at": mailing.finished_at,
        "pause_reason": mailing.pause_reason,
    }  # fmt: skip
    transaction.execute(update(mailings).filter_by(id=mailing.id).values(values))


def start_due(transaction: Transaction, *, now: datetime) -> None:
    """Let every scheduled mailing run whose time has come."""
    due = mailings.c.status == MailingStatus.SCHEDULED, mailings.c.not_before <= now
    transaction.execute(update(mailings).where(*due).values(status=MailingStatus.RUNNING, started_at=now))


def take_back(transaction: Transaction, mailing_id: int) -> bool:
    """Delete a mailing of which no letter was tried; False, and nothing changes, if one was.

    A worker that has a batch of it finds its claim gone in the commit before the final dot, and lets go of the letter.
    """
    lock_mailing(transaction, mailing_id)
    lock_batches(transaction, mailing_id)  # until the end of this transaction no such commit gets in between
    untouched = deliveries.c.status.in_([DeliveryStatus.QUEUED, DeliveryStatus.WITHHELD])
    tried = or_(deliveries.c.attempts > 0, not_(untouched))
    if transaction.scalar(select(exists().where(deliveries.c.mailing_id == mailing_id, tried))):
        return False
    transaction.execute(delete(deliveries).filter_by(mailing_id=mailing_id))
    transaction.execute(delete(mailings).filter_by(id=mailing_id))
    return True


def list_held(transaction: Transaction, *, now: datetime) -> list[Mailing]:
    """Return the running mailings whose first share has shown for long enough what comes back; nobody else's now.

    They are locked until the end. One that somebody changes this moment is there the next time.
    """
    query = _select_mailings().where(mailings.c.status == MailingStatus.RUNNING, mailings.c.first_share.is_not(None))
    due = query.where(mailings.c.rest_at <= now).order_by(mailings.c.id)
    return [_read_mailing(row) for row in transaction.execute(_lock(due, skip_locked=True))]


def withhold_cancelled(transaction: Transaction, mailing_id: int, *, now: datetime) -> None:
    """Withhold what a cancelled mailing has not sent; its batches are never due again.

    ``ledger.finish_batch`` settles what a worker has out, and ``recovery.recover_stopped`` what a dead one had.
    """
    lock_mailing(transaction, mailing_id)
    lock_batches(transaction, mailing_id)
    transaction.execute(update(batches).filter_by(mailing_id=mailing_id).values(due_at=None))
    if ledger.withhold_rest(transaction, deliveries.c.mailing_id == mailing_id, now=now):
        is_doubtful = deliveries.c.status == DeliveryStatus.DOUBTFUL
        doubtful = select(func.count()).where(IS_IN_BATCH, is_doubtful).correlate(batches).scalar_subquery()
        transaction.execute(update(batches).filter_by(mailing_id=mailing_id).values(doubtful=doubtful))
    count_anew(transaction, mailing_id)
    add_up(transaction, mailing_id)


def report(transaction: Transaction, mailing: Mailing, fates: Sequence[FateCount] | None = None) -> MailingReport:
    """Tell what became of a mailing's letters by status and reason, and the events beside them.

    ``fates`` are what became of its letters, where that was read in this snapshot already.
    """
    counts: dict[DeliveryStatus, int] = dict.fromkeys(DeliveryStatus, 0)
    withheld: dict[WithheldReason, int] = dict.fromkeys(WithheldReason, 0)
    rejected: dict[str, int] = {}
    resent = 0
    for fate in list_fates(transaction, mailing.id) if fates is None else fates:
        counts[fate.status] += fate.letters
        resent += fate.letters if fate.is_resent else 0
        if fate.status is DeliveryStatus.WITHHELD:
            withheld[WithheldReason(fate.reason)] += fate.letters
        elif fate.status is DeliveryStatus.REJECTED:
            rejected[fate.reason] = rejected.get(fate.reason, 0) + fate.letters
    bounced = count_bounces(transaction, mailing.id)
    return MailingReport(
        mailing=mailing,
        counts=counts,
        withheld_reasons=withheld,
        rejected_reasons=rejected,
        bounced_hard=bounced[BounceKind.HARD].total(),
        bounced_soft=bounced[BounceKind.SOFT].total(),
        complaints=bounced[BounceKind.COMPLAINT].total(),
        bounced_reasons=dict(bounced[BounceKind.HARD] + bounced[BounceKind.SOFT]),
        unsubscribes=count_unsubscribes(transaction, mailing.id),
        resubscribed=count_resubscribed(transaction, mailing.id),
        doubtful_resent=resent,
        next_try_at=_find_next_try(transaction, mailing.id) if counts[DeliveryStatus.DEFERRED] else None,
        doubtful=_list_doubtful(transaction, mailing.id) if counts[DeliveryStatus.DOUBTFUL] else (),
    )


def _select_mailings() -> Select[Any]:
    return select(mailings, issues.c.number.label("issue_number")).join(issues, isouter=True)


def _lock(query: Select[Any], *, skip_locked: bool = False) -> Select[Any]:
    return query.with_for_update(of=mailings, key_share=True, skip_locked=skip_locked)


def _read_mailing(row: Row[Any]) -> Mailing:
    return Mailing(
        id=row.id,
        kind=MailingKind(row.kind),
        status=MailingStatus(row.status),
        issue_number=row.issue_number,
        approval_id=row.approval_id,
        opened_at=row.opened_at,
        not_before=row.not_before,
        started_at=row.started_at,
        finished_at=row.finished_at,
        pause_reason=row.pause_reason,
        intended=row.intended,
        first_share=row.first_share,
        hold=timedelta(minutes=row.hold_minutes),
        rest_at=row.rest_at,
    )


def count_bounces(transaction: Transaction, mailing_id: int) -> dict[BounceKind, Counter[str]]:
    """Count the letters of a mailing that came back, by kind and reason; one that did so by two ways is one."""
    letters = select_came_back(mailing_id)
    query = select(letters.c.kind, letters.c.reason, func.count()).group_by(letters.c.kind, letters.c.reason)
    found: dict[BounceKind, Counter[str]] = {kind: Counter() for kind in BounceKind}
    for kind, reason, count in transaction.execute(query):
        found[BounceKind(kind)][reason or BounceReason.UNSPECIFIED] += count
    return found


def _count(transaction: Transaction, query: Select[int]) -> int:
    return transaction.execute(query).scalar_one()


def _find_next_try(transaction: Transaction, mailing_id: int) -> datetime | None:
    """Return when the next deferred letter is due; looked for where something is due."""
    query = (
        select(func.min(deliveries.c.next_try_at))
        .join_from(batches, deliveries, IS_IN_BATCH)
        .where(batches.c.mailing_id == mailing_id, batches.c.due_at.is_not(None))
        .where(deliveries.c.status == DeliveryStatus.DEFERRED)
    )
    next_try_at: datetime | None = transaction.scalar(query)
    return next_try_at


def _list_doubtful(transaction: Transaction, mailing_id: int) -> tuple[str, ...]:
    query = (
        select(subscribers.c.address)
        .join_from(batches, deliveries, IS_IN_BATCH)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(batches.c.mailing_id == mailing_id, CAN_BE_DOUBTFUL)
        .where(deliveries.c.status == DeliveryStatus.DOUBTFUL)
        .order_by(batches.c.number, deliveries.c.position)  # by number first, or SQLite goes through all letters
    )
    return tuple(transaction.execute(query).scalars())
