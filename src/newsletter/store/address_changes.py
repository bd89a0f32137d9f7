"""Changes of address: those that wait for the new address, and those that the old one may take back."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Row, and_, func, insert, or_, select, update

from newsletter.domain.address import EmailAddress
from newsletter.domain.address_change import AddressChange
from newsletter.domain.subscriber import Subscriber, SubscriberStatus
from newsletter.store.database import Transaction
from newsletter.store.tables import address_changes, subscribers


def add_change(
    transaction: Transaction,
    subscriber: Subscriber,
    old_hash: bytes,
    new: EmailAddress,
    new_hash: bytes,
    *,
    now: datetime,
) -> int:
    """Store a request, which ends those before it that still wait; return its id."""
    waits = address_changes.c.confirmed_at.is_(None), address_changes.c.ended_at.is_(None)
    mine = address_changes.c.subscriber_id == subscriber.id
    transaction.execute(update(address_changes).where(mine, *waits).values(ended_at=now))
    values = {
        "subscriber_id": subscriber.id, "old_address": subscriber.address.text, "old_hash": old_hash,
        "new_address": new.text, "new_hash": new_hash, "requested_at": now,
    }  # fmt: skip
    change_id: int = transaction.scalars(insert(address_changes).values(values).returning(address_changes.c.id)).one()
    return change_id


def find_change(transaction: Transaction, change_id: int) -> AddressChange | None:
    row = transaction.execute(select(address_changes).filter_by(id=change_id)).one_or_none()
    return _load(row) if row else None


def list_changes(transaction: Transaction, subscriber_id: int) -> tuple[AddressChange, ...]:
    """Return all of a reader, the first one first."""
    query = select(address_changes).filter_by(subscriber_id=subscriber_id).order_by(address_changes.c.id)
    return tuple(map(_load, transaction.execute(query)))


def list_known_hashes(transaction: Transaction, subscriber_id: int, address_hash: bytes) -> list[bytes]:
    """Return the hashes of a reader's address and of those that the reader had before."""
    had = select(address_changes.c.old_hash, address_changes.c.new_hash).where(
        address_changes.c.subscriber_id == subscriber_id, address_changes.c.confirmed_at.is_not(None)
    )
    return list(dict.fromkeys([address_hash, *(each for pair in transaction.execute(had) for each in pair)]))


def count_changes(transaction: Transaction, subscriber_id: int, *, since: datetime) -> int:
    query = select(func.count()).select_from(address_changes).filter_by(subscriber_id=subscriber_id)
    return transaction.scalar(query.where(address_changes.c.requested_at > since)) or 0


def mark_confirmed(transaction: Transaction, change_id: int, *, now: datetime) -> bool:
    """Note that the new address has confirmed; False if that was so, or the change ended: of two clicks, one acts."""
    waits = address_changes.c.confirmed_at.is_(None), address_changes.c.ended_at.is_(None)
    confirmed = update(address_changes).where(address_changes.c.id == change_id, *waits).values(confirmed_at=now)
    return transaction.execute(confirmed).rowcount == 1


def end_changes(transaction: Transaction, change: AddressChange, *, now: datetime) -> None:
    """End a change and all later ones of the same reader."""
    later = address_changes.c.subscriber_id == change.subscriber, address_changes.c.id >= change.id
    transaction.execute(
        update(address_changes).where(*later, address_changes.c.ended_at.is_(None)).values(ended_at=now)
    )


def exchange_address(transaction: Transaction, subscriber_id: int, address: EmailAddress, address_hash: bytes) -> None:
    """Give a reader another address. Who has that address without being subscribed gets the reader's, to stay unmailed.

    So nobody's history is lost, and an address stands for one row at most.
    """
    mine = transaction.execute(select(subscribers).filter_by(id=subscriber_id)).one()
    other = transaction.scalar(select(subscribers.c.id).filter_by(normalized=address.normalized))
    if other is not None:
        aside = {"normalized": f"\n{other}", "address_hash": secrets.token_bytes(32)}  # what no address can be
        transaction.execute(update(subscribers).filter_by(id=other).values(aside))
    values = {"address": address.text, "normalized": address.normalized, "address_hash": address_hash}
    transaction.execute(update(subscribers).filter_by(id=subscriber_id).values(values))
    if other is not None:
        left = {
            "address": mine.address, "normalized": mine.normalized, "address_hash": mine.address_hash,
            "status": SubscriberStatus.UNSUBSCRIBED, "requested_at": None,
        }  # fmt: skip
        transaction.execute(update(subscribers).filter_by(id=other).values(left))


def forget_addresses(transaction: Transaction, *, before: datetime) -> int:
    """Keep of changes asked for before then only that there were such; return of how many."""
    known = or_(address_changes.c.old_address.is_not(None), address_changes.c.new_address.is_not(None))
    forgotten = {"old_address": None, "new_address": None}
    old = and_(address_changes.c.requested_at < before, known)
    return transaction.execute(update(address_changes).where(old).values(forgotten)).rowcount


def _load(row: Row[*tuple[object, ...]]) -> AddressChange:
    return AddressChange(
        id=row.id,
        subscriber=row.subscriber_id,
        old=EmailAddress(row.old_address) if row.old_address else None,
        new=EmailAddress(row.new_address) if row.new_address else None,
        old_hash=row.old_hash,
        new_hash=row.new_hash,
        requested_at=row.requested_at,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
    )
