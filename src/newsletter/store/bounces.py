"""Messages that came to the bounce address, and what the ledger knows of the deliveries that they name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, Row, Select, and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.mailing import DeliveryId, DeliveryStatus
from newsletter.domain.stored_report import Fate, IgnoredReason, NamedDelivery, NamedReader, StoredReport
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import bounces, deliveries, mailings, subscribers

# Whatever a list needs; the message itself may be a megabyte.
_COLUMNS = [column for column in bounces.c if column.name not in {"report", "report_digest"}]
_COUNTS = and_(bounces.c.ignored_because.is_(None), bounces.c.address_hash.is_not(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledLetter:
    """A letter to somebody that the relay accepted or rejected."""

    delivery: DeliveryId
    status: DeliveryStatus
    settled_at: datetime
    #: code and text of the relay's reply
    reply: str


def add_report(
    transaction: Transaction,
    raw: bytes,
    *,
    digest: bytes,
    fate: Fate,
    delivery: DeliveryId | None,
    address_hash: bytes | None,
    ignored_because: IgnoredReason | None,
    received_at: datetime,
) -> int | None:
    """Store a message and return its id, or None if one of that digest is stored already."""
    statement = _insert_new(transaction).values(
        report_digest=digest,
        received_at=received_at,
        mailing_id=delivery.mailing if delivery else None,
        position=delivery.position if delivery else None,
        address_hash=address_hash,
        ignored_because=ignored_because.value if ignored_because else None,
        report=raw,
        **_dump_fate(fate),
    )
    report_id: int | None = transaction.scalar(statement.returning(bounces.c.id))
    return report_id


def find_report(transaction: Transaction, report_id: int) -> StoredReport:
    row = transaction.execute(_select().where(bounces.c.id == report_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no bounce {report_id}: 'newsletter bounces list' names all.")
    return _load(row)


def load_raw(transaction: Transaction, report_id: int) -> bytes:
    """Return a stored message itself; empty if it was about a reader who was forgotten."""
    raw: bytes | None = transaction.scalar(select(bounces.c.report).where(bounces.c.id == report_id))
    if raw is None:
        raise NotFoundError(f"There is no bounce {report_id}: 'newsletter bounces list' names all.")
    return raw


def list_reports(
    transaction: Transaction, *, kind: BounceKind | None = None, limit: int | None = None
) -> list[StoredReport]:
    """Return stored messages, the latest first; of one kind, if one is named."""
    query = _select().order_by(bounces.c.id.desc()).limit(limit)
    if kind:
        query = query.where(bounces.c.kind == kind)
    return [_load(row) for row in transaction.execute(query)]


def list_about(transaction: Transaction, address_hash: bytes) -> list[StoredReport]:
    """Return the reports that count for an address, those taken back among them, the oldest first."""
    query = _select().where(bounces.c.address_hash == address_hash, _COUNTS).order_by(bounces.c.id)
    return [_load(row) for row in transaction.execute(query)]


def list_addresses(transaction: Transaction) -> list[bytes]:
    """Return the hashes of all addresses that a report counts for, in the order of their first one."""
    query = select(bounces.c.address_hash).where(_COUNTS).group_by(bounces.c.address_hash)
    return list(transaction.scalars(query.order_by(func.min(bounces.c.id))))


def mark_reversed(transaction: Transaction, report_id: int, *, now: datetime) -> None:
    transaction.execute(update(bounces).where(bounces.c.id == report_id).values(reversed_at=now))


def save_fate(transaction: Transaction, report_id: int, fate: Fate) -> None:
    """Store what a report says when it is read by other rules."""
    transaction.execute(update(bounces).where(bounces.c.id == report_id).values(**_dump_fate(fate)))


def find_delivery(transaction: Transaction, delivery: DeliveryId) -> NamedDelivery | None:
    """Return what the ledger knows of a delivery, None if there is no such one."""
    # A letter in flight has no time of its own yet; it cannot have left before its mailing started.
    sent_at = func.coalesce(
        deliveries.c.settled_at, deliveries.c.first_try_at, mailings.c.started_at, mailings.c.opened_at
    )
    query = (
        select(
            deliveries.c.status, deliveries.c.resent, sent_at.label("sent_at"),
            subscribers.c.id, subscribers.c.address, subscribers.c.address_hash,
        )
        .join_from(deliveries, mailings, mailings.c.id == deliveries.c.mailing_id)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .where(deliveries.c.mailing_id == delivery.mailing, deliveries.c.position == delivery.position)
    )  # fmt: skip
    row = transaction.execute(query).one_or_none()
    if row is None:
        return None
    return NamedDelivery(
        id=delivery,
        status=DeliveryStatus(row.status),
        is_resent=row.resent,
        sent_at=row.sent_at,
        reader=NamedReader(row.id, EmailAddress(row.address), row.address_hash) if row.id else None,
    )


def list_settled(transaction: Transaction, address_hash: bytes) -> Iterator[SettledLetter]:
    """Stream the letters to an address that the relay accepted or rejected, the oldest mailing first."""
    # From mailings, of which there are few: deliveries have no index that begins with the subscriber.
    query = (
        select(deliveries)
        .join_from(subscribers, mailings, subscribers.c.address_hash == address_hash)
        .join(
            deliveries,
            and_(deliveries.c.mailing_id == mailings.c.id, deliveries.c.subscriber_id == subscribers.c.id),
        )
        .where(
            deliveries.c.status.in_([DeliveryStatus.ACCEPTED, DeliveryStatus.REJECTED]),
            deliveries.c.settled_at.is_not(None),
        )
        .order_by(mailings.c.id)
    )
    for row in transaction.execute(query):
        yield SettledLetter(
            delivery=DeliveryId(row.mailing_id, row.position),
            status=DeliveryStatus(row.status),
            settled_at=row.settled_at,
            reply=f"{row.reply_code or ''} {row.reply_text or ''}".strip(),
        )


def _select() -> Select[Any]:
    return select(*_COLUMNS)


def _insert_new(transaction: Transaction) -> Insert:
    if transaction.dialect.name == "sqlite":
        return sqlite.insert(bounces).on_conflict_do_nothing()
    return postgresql.insert(bounces).on_conflict_do_nothing()


def _dump_fate(fate: Fate) -> dict[str, Any]:
    return {
        "kind": fate.kind,
        "reason": fate.reason,
        "status_code": fate.status or None,
        "rule": fate.rule,
        "words": fate.words,
    }


def _load(row: Row[Any]) -> StoredReport:
    return StoredReport(
        id=row.id,
        received_at=row.received_at,
        fate=Fate(
            kind=BounceKind(row.kind),
            reason=BounceReason(row.reason) if row.reason else None,
            status=row.status_code or "",
            rule=row.rule,
            words=row.words,
        ),
        delivery=None if row.mailing_id is None else DeliveryId(row.mailing_id, row.position),
        address_hash=row.address_hash,
        ignored_because=IgnoredReason(row.ignored_because) if row.ignored_because else None,
        reversed_at=row.reversed_at,
    )
