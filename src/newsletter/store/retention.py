"""Rows about people whose time is over: reduced to counts, emptied or deleted, a bounded number at a time.

Letters of a mailing that has ended are counted already (``store.delivery_counts``), so that only their rows go. Each
step is one short transaction: so a report adds up at every instant, and no worker waits for longer than a step takes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.domain.mailing import MailingStatus
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import add_up, give_up_claims
from newsletter.store.sender_health import select_came_back
from newsletter.store.subscribers import domain_of
from newsletter.store.tables import bounces, deliveries, failure_counts, mailings, notices, subscribers


def find_reducible(transaction: Transaction, *, before: datetime) -> int | None:
    """Return a mailing that ended before then and of which deliveries are stored."""
    has_rows = exists().where(deliveries.c.mailing_id == mailings.c.id)
    ended = mailings.c.status.in_([MailingStatus.FINISHED, MailingStatus.CANCELLED]), mailings.c.finished_at < before
    query = select(mailings.c.id).where(*ended, has_rows).order_by(mailings.c.id).limit(1)
    found: int | None = transaction.scalar(query)
    return found


def reduce_deliveries(transaction: Transaction, mailing_id: int, *, most: int) -> int:
    """Delete the first deliveries of a mailing that has ended; return how many there were. Their counts stay."""
    first = transaction.scalar(select(func.min(deliveries.c.position)).filter_by(mailing_id=mailing_id))
    if first is None:
        return 0
    give_up_claims(transaction, mailing_id)
    add_up(transaction, mailing_id)
    these = and_(deliveries.c.mailing_id == mailing_id, deliveries.c.position.between(first, first + most - 1))
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


def _count_failures(transaction: Transaction, mailing_id: int, these: ColumnElement[bool]) -> None:
    came_back = select_came_back(mailing_id)
    domain, reason = func.coalesce(domain_of(transaction.dialect), ""), func.coalesce(came_back.c.reason, "")
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
    if not rows:
        return
    new = (sqlite if transaction.dialect.name == "sqlite" else postgresql).insert(failure_counts)
    summed = new.on_conflict_do_update(
        index_elements=list(failure_counts.primary_key.columns),
        set_={"letters": failure_counts.c.letters + new.excluded.letters},
    )
    transaction.execute(summed, rows)
