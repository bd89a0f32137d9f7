"""A mailing's opening: everybody in its audience has a position, and the positions are cut into batches."""

from __future__ import annotations

from datetime import date, datetime
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, case, func, insert, literal, literal_column, not_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTableAs

from newsletter.domain.mailing import DeliveryStatus, Launch, Mailing, MailingKind, MailingStatus, WithheldReason
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.topic import Topic
from newsletter.errors import RefusedError
from newsletter.store import jobs
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import count_laid_out
from newsletter.store.mailings import find_mailing
from newsletter.store.segments import is_in
from newsletter.store.subscribers import is_reading
from newsletter.store.tables import batches, deliveries, issues, mailings, subscribers, suppressions

_BATCH_SIZE = 500


def add_mailing(
    transaction: Transaction,
    *,
    kind: MailingKind,
    issue_id: int,
    approval_id: int,
    topics: Topic,
    opened_at: datetime,
    launch: Launch,
    segment: Segment | None = None,
) -> Mailing:
    """Open a mailing and lay out its audience: a queued delivery for each active, unsuppressed subscriber.

    With a segment, only for those in it.

    ``topics`` are those that the issue has something for; who wants none of them is in the audience and withheld.
    Raises RefusedError where the issue has its mailing already.
    """
    values = {
        "kind": kind, "status": MailingStatus.SCHEDULED, "issue_id": issue_id, "approval_id": approval_id,
        "intended": 0, "opened_at": opened_at, "not_before": launch.not_before,
        "hold_minutes": round(launch.hold.total_seconds() / 60),
    }  # fmt: skip
    if transaction.dialect.name == "sqlite":  # which gives the id of the last row again once that is deleted
        values["id"] = _find_free_id(transaction)
    try:
        mailing_id = transaction.execute(insert(mailings).values(values).returning(mailings.c.id)).scalar_one()
    except IntegrityError as error:
        raise RefusedError("This issue's mailing was opened already.") from error
    intended = _lay_out_audience(
        transaction,
        mailing_id,
        topics,
        segment or Segment(),
        day=launch.not_before.date(),
        by_lot=launch.first_share > 0,
    )
    first_share = _count_first(intended, launch.first_share)
    _lay_out_batches(transaction, mailing_id, intended, first_share, due_at=launch.not_before)
    count_laid_out(transaction, mailing_id)
    laid_out = {"intended": intended, "first_share": first_share}
    transaction.execute(update(mailings).filter_by(id=mailing_id).values(laid_out))
    jobs.submit(transaction, mailing=mailing_id, now=opened_at)
    return find_mailing(transaction, mailing_id)


def _find_free_id(transaction: Transaction) -> int:
    """Return an id that no mailing ever had: a worker may still hold a letter of one that was taken back."""
    given = transaction.scalar(select(func.max(mailings.c.id))) or 0
    taken_back = transaction.scalar(select(func.max(issues.c.recalled_mailing))) or 0
    return max(given, taken_back) + 1


def _count_first(intended: int, share: float) -> int | None:
    """Return the size of the first share; None where it is everybody, or nobody is to be first."""
    first = ceil(intended * share)
    return first if 0 < first < intended else None


def _lay_out_audience(
    transaction: Transaction, mailing_id: int, topics: Topic, segment: Segment, *, day: date, by_lot: bool
) -> int:
    """Give everybody a position: in the order of their coming, or ``by_lot``, so that the first are a fair sample.

    Who has paused beyond ``day``, on which the first letters leave, is left out like the suppressed.
    """
    order: ColumnElement[Any] = func.random() if by_lot else subscribers.c.id
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
    ).where(subscribers.c.status == SubscriberStatus.ACTIVE, not_(suppressed), is_reading(day))
    if not segment.is_everybody:
        audience = audience.where(is_in(segment))
    columns = ["mailing_id", "position", "subscriber_id", "status", "reason"]
    if transaction.dialect.name == "sqlite":
        # Of CREATE TABLE AS, SQLite promises rowids from 1 on, in the order of its rows; they take a third of the
        # time of row_number().
        numbered = CreateTableAs(audience.order_by(order), "audience", temporary=True)
        transaction.execute(numbered)
        rows = select(literal(mailing_id), literal_column("rowid"), *numbered.table.c)
        intended = transaction.execute(insert(deliveries).from_select(columns, rows)).rowcount
        numbered.table.drop(transaction)
        return intended
    everybody = audience.subquery()
    place = func.row_number().over(order_by=func.random() if by_lot else everybody.c.id)
    rows = select(literal(mailing_id), place, *everybody.c)
    statement = insert(deliveries).from_select(columns, rows).execution_options(preserve_rowcount=True)
    return transaction.execute(statement).rowcount


def _lay_out_batches(
    transaction: Transaction, mailing_id: int, intended: int, first_share: int | None, *, due_at: datetime
) -> None:
    """Cut the audience into batches; none reaches from the first share into the rest."""
    end_of_first = first_share or intended
    firsts = [*range(1, end_of_first + 1, _BATCH_SIZE), *range(end_of_first + 1, intended + 1, _BATCH_SIZE)]
    lasts = [first - 1 for first in firsts[1:]] + [intended]
    rows = [
        {
            "mailing_id": mailing_id,
            "number": number,
            "first_position": first,
            "last_position": last,
            "due_at": due_at,
        }
        for number, (first, last) in enumerate(zip(firsts, lasts, strict=False), start=1)
    ]
    # An audience of nobody still has one batch, so that its mailing ends the way all others do.
    nobody = {"mailing_id": mailing_id, "number": 1, "first_position": 1, "last_position": 0, "due_at": due_at}
    transaction.execute(insert(batches), rows or [nobody])
