"""Rows about people whose time is over: reduced to counts, emptied or deleted, a bounded number at a time.

Each step is one short transaction, in which rows leave one table and their counts enter another: so a report adds up
at every instant, and no worker waits for longer than a step takes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.domain.mailing import MailingStatus
from newsletter.store.database import Transaction
from newsletter.store.sender_health import domain_of, select_came_back
from newsletter.store.tables import bounces, deliveries, delivery_counts, failure_counts, mailings, notices, subscribers


def find_reducible(transaction: Transaction, *, before: datetime) -> int | None:
    """Return a mailing that ended before then and of which deliveries are stored."""
    has_rows = exists().where(deliveries.c.mailing_id == mailings.c.id)
    ended = mailings.c.status.in_([MailingStatus.FINISHED, MailingStatus.CANCELLED]), mailings.c.finished_at < before
    query = select(mailings.c.id).where(*ended, has_rows).order_by(mailings.c.id).limit(1)
    found: int | None = transaction.scalar(query)
    return found


def reduce_deliveries(transaction: Transaction, mailing_id: int, *, most: int) -> int:
    """Reduce the first deliveries of a mailing to counts; return how many there were."""
    first = transaction.scalar(select(func.min(deliveries.c.position)).filter_by(mailing_id=mailing_id))
    if first is None:
        return 0
    these = and_(deliveries.c.mailing_id == mailing_id, deliveries.c.position.between(first, first + most - 1))
    _count_letters(transaction, mailing_id, these)
    _count_failures(transaction, mailing_id, these)
    return transaction.execute(delete(deliveries).where(these)).rowcount


def empty_reports(transaction: Transaction, *, before: datetime, most: int, now: datetime) -> int:
    """Empty messages that came back before then: of whom, in which words, and the message. Their kinds still count."""
    old = select(bounces.c.id).where(bounces.c.emptied_at.is_(None), bounces.c.received_at < before)
    values = {"report": b"", "words": "", "address_hash": None, "emptied_at": now}
    emptied = update(bounces).where(bounces.c.id.in_(old.order_by(bounces.c.received_at).limit(most)))
    return transaction.execute(emptied.values(values)).rowcount


def delete_notices(transaction: Transaction, *, before: datetime, most: int) -> int:
    """Delete the oldest notices, those that were settled before then; return how many."""
    oldest = select(notices.c.id).order_by(notices.c.id).limit(most)
    old = notices.c.id.in_(oldest), notices.c.settled_at < before
    return transaction.execute(delete(notices).where(*old)).rowcount


def _count_letters(transaction: Transaction, mailing_id: int, these: ColumnElement[bool]) -> None:
    domain = func.coalesce(domain_of(transaction), "")
    reason = func.coalesce(deliveries.c.reason, "")
    counted = (
        select(domain.label("domain"), deliveries.c.status, reason.label("reason"), deliveries.c.resent, func.count())
        .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .where(these)
        .group_by(domain, deliveries.c.status, reason, deliveries.c.resent)
    )
    rows = [
        {"mailing_id": mailing_id, "domain": name, "status": status, "reason": why, "resent": resent, "letters": count}
        for name, status, why, resent, count in transaction.execute(counted)
    ]
    _add(transaction, delivery_counts, rows)


def _count_failures(transaction: Transaction, mailing_id: int, these: ColumnElement[bool]) -> None:
    came_back = select_came_back(mailing_id)
    domain, reason = func.coalesce(domain_of(transaction), ""), func.coalesce(came_back.c.reason, "")
    counted = (
        select(domain.label("domain"), came_back.c.kind, reason.label("reason"), func.count())
        .join_from(came_back, deliveries, and_(these, deliveries.c.position == came_back.c.position))
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .group_by(domain, came_back.c.kind, reason)
    )
    rows = [
        {"mailing_id": mailing_id, "domain": name, "kind": kind, "reason": why, "letters": count}
        for name, kind, why, count in transaction.execute(counted)
    ]
    _add(transaction, failure_counts, rows)


def _add(transaction: Transaction, table: Table, rows: list[dict[str, object]]) -> None:
    """Add letters to the counts that are there, or begin new ones."""
    if not rows:
        return
    new = (sqlite if transaction.dialect.name == "sqlite" else postgresql).insert(table)
    summed = new.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={"letters": table.c.letters + new.excluded.letters},
    )
    transaction.execute(summed, rows)
