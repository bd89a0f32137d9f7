"""What the letters and reports of one person say, and its erasure."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, delete, func, select, update

from newsletter.domain.mailing import DeliveryStatus, MailingKind
from newsletter.domain.person import PersonalAct, PersonalBounce, PersonalDelivery, PersonalNotice
from newsletter.store.database import Transaction
from newsletter.store.tables import audit_log, bounces, deliveries, issues, mailings, notices, subscribers
from newsletter.store.unsubscribes import forget_leaver


def list_deliveries(transaction: Transaction, subscriber_id: int) -> tuple[PersonalDelivery, ...]:
    """Return every letter to a subscriber, the latest mailing first."""
    # From mailings, of which there are few: deliveries have no index that begins with the subscriber.
    query = (
        select(deliveries, mailings.c.kind, issues.c.number)
        .join_from(
            mailings,
            deliveries,
            and_(deliveries.c.mailing_id == mailings.c.id, deliveries.c.subscriber_id == subscriber_id),
        )
        .join(issues, issues.c.id == mailings.c.issue_id, isouter=True)
        .order_by(mailings.c.id.desc())
    )
    return tuple(
        PersonalDelivery(
            mailing=row.mailing_id,
            kind=MailingKind(row.kind),
            issue=row.number,
            status=DeliveryStatus(row.status),
            reason=row.reason,
            attempts=row.attempts,
            first_try_at=row.first_try_at,
            next_try_at=row.next_try_at,
            settled_at=row.settled_at,
            reply=f"{row.reply_code} {row.reply_text}" if row.reply_code else None,
            is_resent=row.resent,
        )
        for row in transaction.execute(query)
    )


def list_notices(transaction: Transaction, subscriber_id: int) -> tuple[PersonalNotice, ...]:
    """Return every notice to a subscriber, the latest first."""
    query = select(notices).filter_by(subscriber_id=subscriber_id).order_by(notices.c.id.desc())
    return tuple(
        PersonalNotice(
            kind=row.kind,
            status=DeliveryStatus(row.status),
            attempts=row.attempts,
            created_at=row.created_at,
            due_at=row.due_at,
            settled_at=row.settled_at,
            reply=row.reply,
            details=row.details,
        )
        for row in transaction.execute(query)
    )


def list_bounces(transaction: Transaction, address_hash: bytes) -> tuple[PersonalBounce, ...]:
    """Return every report about an address, the latest first."""
    columns = [column for column in bounces.c if column.name not in {"report", "report_digest"}]
    query = select(*columns, func.length(bounces.c.report).label("message_bytes"))
    return tuple(
        PersonalBounce(
            id=row.id,
            received_at=row.received_at,
            kind=row.kind,
            reason=row.reason,
            status=row.status_code or "",
            rule=row.rule,
            words=row.words,
            mailing=row.mailing_id,
            ignored_because=row.ignored_because,
            reversed_at=row.reversed_at,
            message_bytes=row.message_bytes,
        )
        for row in transaction.execute(query.filter_by(address_hash=address_hash).order_by(bounces.c.id.desc()))
    )


def list_acts(transaction: Transaction, subjects: Collection[str]) -> tuple[PersonalAct, ...]:
    """Return what editors did about a person, known by these subjects of the audit log; the latest first."""
    query = select(audit_log).where(audit_log.c.subject.in_(subjects)).order_by(audit_log.c.id.desc())
    return tuple(PersonalAct(at=row.at, actor=row.actor, act=row.act) for row in transaction.execute(query))


def erase_person(transaction: Transaction, subscriber_id: int, address_hash: bytes) -> None:
    """Take the person out of every row. Counts of mailings and reports stay what they were."""
    forget_leaver(transaction, subscriber_id)
    transaction.execute(
        update(deliveries)
        .where(deliveries.c.mailing_id.in_(select(mailings.c.id)), deliveries.c.subscriber_id == subscriber_id)
        .values(subscriber_id=None, reply_text=None)  # a relay's reply may quote the address
    )
    erase_reports(transaction, address_hash)
    transaction.execute(delete(subscribers).where(subscribers.c.id == subscriber_id))  # and with it the notices


def erase_reports(transaction: Transaction, address_hash: bytes) -> None:
    """Empty the reports about an address, which quote it."""
    transaction.execute(update(bounces).where(bounces.c.address_hash == address_hash).values(report=b"", words=""))
