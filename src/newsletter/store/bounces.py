"""Messages that came to the bounce address, and what the ledger knows of the deliveries that they name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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

#: Whatever a list needs; the message itself may be a megabyte.
COLUMNS = [column for column in bounces.c if column.name not in {"report", "report_digest"}]
_COUNTS = and_(bounces.c.ignored_because.is_(None), bounces.c.address_hash.is_not(None))

# A letter in flight has no time of its own yet; it cannot have left before its mailing started.
_SENT_AT = func.coalesce(
    deliveries.c.settled_at, deliveries.c.first_try_at, mailings.c.started_at, mailings.c.opened_at
)
_NAMED = (
    select(
        deliveries.c.mailing_id, deliveries.c.position, deliveries.c.status, deliveries.c.resent,
        _SENT_AT.label("sent_at"), subscribers.c.id, subscribers.c.address, subscribers.c.address_hash,
    )
    .join_from(deliveries, mailings, mailings.c.id == deliveries.c.mailing_id)
    .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """A message to store."""

    raw: bytes
    #: see ``digest_report``
    digest: bytes
    fate: Fate
    delivery: DeliveryId | None
    address_hash: bytes | None
    ignored_because: IgnoredReason | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledLetter:
    """A letter to somebody that the relay accepted or rejected."""

    delivery: DeliveryId
    status: DeliveryStatus
    settled_at: datetime
    #: code and text of the relay's reply
    reply: str


def add_reports(transaction: Transaction, reports: Sequence[NewReport]) -> list[int | None]:
    """Store messages and return their ids, None for each one whose digest is stored already."""
    if not reports:
        return []
    inserted = transaction.execute(
        _insert_new(transaction).returning(bounces.c.report_digest, bounces.c.id), [_dump(each) for each in reports]
    )
    ids: dict[bytes, int] = {row.report_digest: row.id for row in inserted}
    return [ids.pop(each.digest, None) for each in reports]


def find_report(transaction: Transaction, report_id: int) -> StoredReport:
    row = transaction.execute(_select().where(bounces.c.id == report_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no bounce {report_id}: 'newsletter bounces list' names all.")
    return load_report(row)


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
    return [load_report(row) for row in transaction.execute(query)]


def count_unattributed(transaction: Transaction, *, since: datetime) -> int:
    """Count the failures and complaints since then that name no letter of ours, so that they changed nobody."""
    kinds = [BounceKind.HARD, BounceKind.SOFT, BounceKind.COMPLAINT]
    query = select(func.count()).where(bounces.c.kind.in_(kinds), bounces.c.received_at >= since)
    return transaction.scalar(query.where(bounces.c.mailing_id.is_(None))) or 0


def list_about(transaction: Transaction, address_hash: bytes) -> list[StoredReport]:
    """Return the reports that count for an address, those taken back among them, the oldest first."""
    return list_about_all(transaction, [address_hash])[address_hash]


def list_about_all(transaction: Transaction, address_hashes: Collection[bytes]) -> dict[bytes, list[StoredReport]]:
    """Return the same for each of some hundreds of addresses."""
    found: dict[bytes, list[StoredReport]] = {address_hash: [] for address_hash in address_hashes}
    query = _select().where(bounces.c.address_hash.in_(address_hashes), _COUNTS).order_by(bounces.c.id)
    for row in transaction.execute(query):
        found[row.address_hash].append(load_report(row))
    return found


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
    return find_deliveries(transaction, [delivery]).get(delivery)


def find_deliveries(transaction: Transaction, wanted: Iterable[DeliveryId]) -> dict[DeliveryId, NamedDelivery]:
    """Return the same for each of some hundreds of deliveries, without those that do not exist."""
    positions: dict[int, list[int]] = {}
    for delivery in wanted:
        positions.setdefault(delivery.mailing, []).append(delivery.position)
    rows = (
        row
        for mailing, those in positions.items()
        for row in transaction.execute(
            _NAMED.where(deliveries.c.mailing_id == mailing, deliveries.c.position.in_(those))
        )
    )
    return {(named := _load_named(row)).id: named for row in rows}


def list_replies(transaction: Transaction, subscriber_id: int) -> dict[DeliveryId, str]:
    """Return the relay's reply to each letter to a subscriber that it accepted, the latest mailing first."""
    # From mailings, as below.
    query = (
        select(deliveries.c.mailing_id, deliveries.c.position, deliveries.c.reply_text)
        .join_from(
            mailings,
            deliveries,
            and_(deliveries.c.mailing_id == mailings.c.id, deliveries.c.subscriber_id == subscriber_id),
        )
        .where(deliveries.c.status == DeliveryStatus.ACCEPTED, deliveries.c.reply_text.is_not(None))
        .order_by(mailings.c.id.desc())
    )
    return {DeliveryId(row.mailing_id, row.position): row.reply_text for row in transaction.execute(query)}


def list_settled(transaction: Transaction, address_hashes: Collection[bytes]) -> dict[bytes, list[SettledLetter]]:
    """Return the letters to each address that the relay accepted or rejected, the oldest mailing first."""
    # From mailings, of which there are few: deliveries have no index that begins with the subscriber.
    query = (
        select(
            subscribers.c.address_hash, deliveries.c.mailing_id, deliveries.c.position, deliveries.c.status,
            deliveries.c.settled_at, deliveries.c.reply_code, deliveries.c.reply_text,
        )
        .join_from(subscribers, mailings, subscribers.c.address_hash.in_(address_hashes))
        .join(
            deliveries,
            and_(deliveries.c.mailing_id == mailings.c.id, deliveries.c.subscriber_id == subscribers.c.id),
        )
        .where(
            deliveries.c.status.in_([DeliveryStatus.ACCEPTED, DeliveryStatus.REJECTED]),
            deliveries.c.settled_at.is_not(None),
        )
        .order_by(mailings.c.id)
    )  # fmt: skip
    found: dict[bytes, list[SettledLetter]] = {address_hash: [] for address_hash in address_hashes}
    for row in transaction.execute(query):
        letter = SettledLetter(
            delivery=DeliveryId(row.mailing_id, row.position),
            status=DeliveryStatus(row.status),
            settled_at=row.settled_at,
            reply=f"{row.reply_code or ''} {row.reply_text or ''}".strip(),
        )
        found[row.address_hash].append(letter)
    return found


def _select() -> Select[Any]:
    return select(*COLUMNS)


def _insert_new(transaction: Transaction) -> Insert:
    if transaction.dialect.name == "sqlite":
        return sqlite.insert(bounces).on_conflict_do_nothing()
    return postgresql.insert(bounces).on_conflict_do_nothing()


def _dump(report: NewReport) -> dict[str, Any]:
    return {
        "report_digest": report.digest,
        "received_at": report.received_at,
        "mailing_id": report.delivery.mailing if report.delivery else None,
        "position": report.delivery.position if report.delivery else None,
        "address_hash": report.address_hash,
        "ignored_because": report.ignored_because.value if report.ignored_because else None,
        "report": report.raw,
        **_dump_fate(report.fate),
    }


def _dump_fate(fate: Fate) -> dict[str, Any]:
    return {
        "kind": fate.kind,
        "reason": fate.reason,
        "status_code": fate.status or None,
        "rule": fate.rule,
        "words": fate.words,
    }


def _load_named(row: Row[*tuple[Any, ...]]) -> NamedDelivery:
    return NamedDelivery(
        id=DeliveryId(row.mailing_id, row.position),
        status=DeliveryStatus(row.status),
        is_resent=row.resent,
        sent_at=row.sent_at,
        reader=NamedReader(row.id, EmailAddress(row.address), row.address_hash) if row.id else None,
    )


def load_report(row: Row[*tuple[Any, ...]]) -> StoredReport:
    """Return what a row says that has all of COLUMNS."""
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
