"""Mailings: opened once, moved by rules, and counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, case, exists, func, insert, literal, literal_column, not_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTableAs

from newsletter.domain.bounce import BounceKind
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
from newsletter.domain.topic import Topic
from newsletter.errors import NotFoundError, RefusedError
from newsletter.store.database import Transaction
from newsletter.store.tables import batches, bounces, deliveries, issues, mailings, subscribers, suppressions

_BATCH_SIZE = 500


def add_mailing(
    transaction: Transaction,
    *,
    kind: MailingKind,
    issue_id: int,
    approval_id: int,
    topics: Topic,
    opened_at: datetime,
    not_before: datetime,
) -> Mailing:
    """Open a mailing and lay out its audience: a queued delivery for each active, unsuppressed subscriber.

    ``topics`` are those that the issue has something for; who wants none of them is in the audience and withheld.
    Raises RefusedError where the issue has its mailing already.
    """
    values = {
        "kind": kind, "status": MailingStatus.SCHEDULED, "issue_id": issue_id, "approval_id": approval_id,
        "intended": 0, "opened_at": opened_at, "not_before": not_before,
    }  # fmt: skip
    try:
        mailing_id = transaction.execute(insert(mailings).values(values).returning(mailings.c.id)).scalar_one()
    except IntegrityError as error:
        raise RefusedError("This issue's mailing was opened already.") from error
    intended = _lay_out_audience(transaction, mailing_id, topics)
    _lay_out_batches(transaction, mailing_id, intended, due_at=not_before)
    transaction.execute(update(mailings).filter_by(id=mailing_id).values(intended=intended))
    return find_mailing(transaction, mailing_id)


def find_mailing(transaction: Transaction, mailing_id: int) -> Mailing:
    row = transaction.execute(_select_mailings().where(mailings.c.id == mailing_id)).one_or_none()
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


def list_running(transaction: Transaction) -> list[Mailing]:
    """Return the mailings that run now, oldest first."""
    query = _select_mailings().where(mailings.c.status == MailingStatus.RUNNING).order_by(mailings.c.id)
    return [_read_mailing(row) for row in transaction.execute(query)]


def measure_audience(transaction: Transaction, *, before: int) -> AudienceSize:
    """Count whom a mailing would go to now, and whom the last issue but number ``before`` went to."""
    active = subscribers.c.status == SubscriberStatus.ACTIVE
    # Two counts and a difference: the suppressed are few, and looking for each active subscriber among them is slow.
    suppressed = (
        select(func.count())
        .join_from(suppressions, subscribers, suppressions.c.address_hash == subscribers.c.address_hash)
        .where(active, suppressions.c.lifted_at.is_(None))
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
    """Store status, its times and reason of a mailing that was moved."""
    values = {
        "status": mailing.status, "started_at": mailing.started_at, "finished_at": mailing.finished_at,
        "pause_reason": mailing.pause_reason,
    }  # fmt: skip
    transaction.execute(update(mailings).filter_by(id=mailing.id).values(values))


def start_due(transaction: Transaction, *, now: datetime) -> None:
    """Let every scheduled mailing run whose time has come."""
    due = mailings.c.status == MailingStatus.SCHEDULED, mailings.c.not_before <= now
    transaction.execute(update(mailings).where(*due).values(status=MailingStatus.RUNNING, started_at=now))


def withhold_cancelled(transaction: Transaction, mailing_id: int, *, now: datetime) -> None:
    """Withhold what a cancelled mailing has not sent; its batches are never due again."""
    unsent = deliveries.c.status.in_([DeliveryStatus.QUEUED, DeliveryStatus.DEFERRED])
    transaction.execute(
        update(deliveries)
        .where(deliveries.c.mailing_id == mailing_id, unsent)
        .values(status=DeliveryStatus.WITHHELD, reason=WithheldReason.CANCELLED, settled_at=now)
    )
    transaction.execute(update(batches).filter_by(mailing_id=mailing_id).values(due_at=None))


def report(transaction: Transaction, mailing: Mailing) -> MailingReport:
    """Count a mailing's deliveries by status and reason, and the events beside them."""
    counts: dict[DeliveryStatus, int] = dict.fromkeys(DeliveryStatus, 0)
    withheld: dict[WithheldReason, int] = dict.fromkeys(WithheldReason, 0)
    rejected: dict[str, int] = {}
    grouped = (
        select(deliveries.c.status, deliveries.c.reason, func.count(), func.min(deliveries.c.next_try_at))
        .where(deliveries.c.mailing_id == mailing.id)
        .group_by(deliveries.c.status, deliveries.c.reason)
    )
    next_try_at: datetime | None = None
    for status, reason, count, next_try in transaction.execute(grouped):
        counts[DeliveryStatus(status)] += count
        if status == DeliveryStatus.WITHHELD:
            withheld[WithheldReason(reason)] += count
        elif status == DeliveryStatus.REJECTED:
            rejected[reason] = count
        elif status == DeliveryStatus.DEFERRED:
            next_try_at = next_try
    bounced = _count_bounces(transaction, mailing.id)
    return MailingReport(
        mailing=mailing,
        counts=counts,
        withheld_reasons=withheld,
        rejected_reasons=rejected,
        bounced_hard=bounced.get(BounceKind.HARD, 0),
        bounced_soft=bounced.get(BounceKind.SOFT, 0),
        complaints=bounced.get(BounceKind.COMPLAINT, 0),
        unsubscribes=_count(
            transaction, select(func.count()).where(subscribers.c.unsubscribed_by_mailing == mailing.id)
        ),
        doubtful_resent=_count(
            transaction, select(func.count()).where(deliveries.c.mailing_id == mailing.id, deliveries.c.resent)
        ),
        next_try_at=next_try_at,
        doubtful=_list_doubtful(transaction, mailing.id),
    )


def _lay_out_audience(transaction: Transaction, mailing_id: int, topics: Topic) -> int:
    has_topic = subscribers.c.topics.bitwise_and(int(topics)) != 0
    suppressed = (
        select(1)
        .where(suppressions.c.address_hash == subscribers.c.address_hash, suppressions.c.lifted_at.is_(None))
        .exists()
    )
    audience = select(
        subscribers.c.id,
        case((has_topic, DeliveryStatus.QUEUED.value), else_=DeliveryStatus.WITHHELD.value).label("status"),
        case((has_topic, None), else_=WithheldReason.NO_TOPIC.value).label("reason"),
    ).where(subscribers.c.status == SubscriberStatus.ACTIVE, not_(suppressed))
    columns = ["mailing_id", "position", "subscriber_id", "status", "reason"]
    if transaction.dialect.name == "sqlite":
        # Of CREATE TABLE AS, SQLite promises rowids from 1 on, in the order of its rows; they take a third of the
        # time of row_number().
        numbered = CreateTableAs(audience.order_by(subscribers.c.id), "audience", temporary=True)
        transaction.execute(numbered)
        rows = select(literal(mailing_id), literal_column("rowid"), *numbered.table.c)
        intended = transaction.execute(insert(deliveries).from_select(columns, rows)).rowcount
        numbered.table.drop(transaction)
        return intended
    everybody = audience.subquery()
    rows = select(literal(mailing_id), func.row_number().over(order_by=everybody.c.id), *everybody.c)
    statement = insert(deliveries).from_select(columns, rows).execution_options(preserve_rowcount=True)
    return transaction.execute(statement).rowcount


def _lay_out_batches(transaction: Transaction, mailing_id: int, intended: int, *, due_at: datetime) -> None:
    rows = [
        {
            "mailing_id": mailing_id,
            "number": number,
            "first_position": first,
            "last_position": min(first + _BATCH_SIZE - 1, intended),
            "due_at": due_at,
        }
        for number, first in enumerate(range(1, intended + 1, _BATCH_SIZE), start=1)
    ]
    # An audience of nobody still has one batch, so that its mailing ends the way all others do.
    nobody = {"mailing_id": mailing_id, "number": 1, "first_position": 1, "last_position": 0, "due_at": due_at}
    transaction.execute(insert(batches), rows or [nobody])


def _select_mailings() -> Select[Any]:
    return select(mailings, issues.c.number.label("issue_number")).join(issues, isouter=True)


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
    )


def _count_bounces(transaction: Transaction, mailing_id: int) -> dict[BounceKind, int]:
    counted = and_(bounces.c.mailing_id == mailing_id, bounces.c.ignored_because.is_(None))
    query = (
        select(bounces.c.kind, func.count()).where(counted, bounces.c.reversed_at.is_(None)).group_by(bounces.c.kind)
    )
    return {BounceKind(kind): count for kind, count in transaction.execute(query)}


def _count(transaction: Transaction, query: Select[int]) -> int:
    return transaction.execute(query).scalar_one()


def _list_doubtful(transaction: Transaction, mailing_id: int) -> tuple[str, ...]:
    query = (
        select(subscribers.c.address)
        .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.status == DeliveryStatus.DOUBTFUL)
        .order_by(deliveries.c.position)
    )
    return tuple(transaction.execute(query).scalars())
