"""Suppressions: at most one stands for an address; those that were lifted are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, Row, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.domain.address import EmailAddress
from newsletter.domain.suppression import ENDED_BY_CONFIRMING, Suppression, SuppressionReason
from newsletter.store.bulk import select_having
from newsletter.store.database import Transaction
from newsletter.store.tables import subscribers, suppressions

_STANDING = suppressions.c.lifted_at.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSuppression:
    id: int
    suppression: Suppression
    #: None where only the hash is known
    address: EmailAddress | None
    subscriber_id: int | None


def suppress(
    transaction: Transaction,
    address_hash: bytes,
    reason: SuppressionReason,
    *,
    evidence: Mapping[str, object],
    now: datetime,
) -> bool:
    """Suppress an address. False if a suppression stands already; it is left as it is."""
    return bool(suppress_all(transaction, {address_hash: (reason, evidence)}, now=now))


def suppress_all(
    transaction: Transaction,
    decided: Mapping[bytes, tuple[SuppressionReason, Mapping[str, object]]],
    *,
    now: datetime,
) -> frozenset[bytes]:
    """Suppress addresses, each for its reason and with its evidence; return those that were not suppressed before."""
    if not decided:
        return frozenset()
    rows = [
        {"address_hash": address_hash, "reason": reason.value, "evidence": dict(evidence), "decided_at": now}
        for address_hash, (reason, evidence) in decided.items()
    ]
    inserted = transaction.execute(_insert_new(transaction).returning(suppressions.c.address_hash), rows)
    return frozenset(inserted.scalars())


def lift_by_confirming(transaction: Transaction, address_hash: bytes, *, now: datetime) -> bool:
    """Lift the standing suppression where a reader's own confirmation ends it. False if there is none such."""
    result = transaction.execute(
        update(suppressions)
        .where(suppressions.c.address_hash == address_hash, _STANDING, suppressions.c.reason.in_(ENDED_BY_CONFIRMING))
        .values(lifted_at=now, lifted_because="the reader confirmed a sign-up")
    )
    return result.rowcount == 1


def lift_suppression(transaction: Transaction, address_hash: bytes, *, because: str, now: datetime) -> bool:
    """Lift the standing suppression. False if there is none."""
    result = transaction.execute(
        update(suppressions)
        .where(suppressions.c.address_hash == address_hash, _STANDING)
        .values(lifted_at=now, lifted_because=because)
    )
    return result.rowcount == 1


def is_suppressed(transaction: Transaction, address_hash: bytes) -> bool:
    standing = exists().where(suppressions.c.address_hash == address_hash, _STANDING)
    return bool(transaction.scalar(select(standing)))


def find_suppressed(transaction: Transaction, address_hashes: Collection[bytes]) -> frozenset[bytes]:
    """Return those of some thousands of addresses that are suppressed."""
    query = select(suppressions.c.address_hash).where(_STANDING)
    rows = select_having(transaction, query, suppressions.c.address_hash, address_hashes)
    return frozenset(address_hash for (address_hash,) in rows)


def list_suppressions_of(transaction: Transaction, address_hash: bytes) -> tuple[Suppression, ...]:
    """Return all of one address, lifted ones too, the latest first."""
    return tuple(list_suppressions_of_all(transaction, [address_hash])[address_hash])


def list_suppressions_of_all(
    transaction: Transaction, address_hashes: Collection[bytes]
) -> dict[bytes, list[Suppression]]:
    """Return the same for each of some hundreds of addresses."""
    query = select(suppressions).where(suppressions.c.address_hash.in_(address_hashes))
    found: dict[bytes, list[Suppression]] = {address_hash: [] for address_hash in address_hashes}
    for row in transaction.execute(query.order_by(suppressions.c.id.desc())):
        found[row.address_hash].append(_load(row))
    return found


def list_suppressions(
    transaction: Transaction, *, limit: int | None = None
) -> Iterator[tuple[Suppression, EmailAddress | None]]:
    """Stream those that stand, the latest first, each with its address where a subscriber still has it."""
    query = (
        select(suppressions, subscribers.c.address)
        .join_from(suppressions, subscribers, subscribers.c.address_hash == suppressions.c.address_hash, isouter=True)
        .where(_STANDING)
        .order_by(suppressions.c.id.desc())
        .limit(limit)
    )
    for row in transaction.execute(query, execution_options={"yield_per": 1_000}):
        yield _load(row), EmailAddress(row.address) if row.address else None


def list_page(
    transaction: Transaction, *, reason: SuppressionReason | None, below: int | None, limit: int
) -> list[ListedSuppression]:
    """Return those that stand with an id below that one, the latest first."""
    query = (
        select(suppressions, subscribers.c.address, subscribers.c.id.label("subscriber_id"))
        .join_from(suppressions, subscribers, subscribers.c.address_hash == suppressions.c.address_hash, isouter=True)
        .where(_STANDING)
        .order_by(suppressions.c.id.desc())
        .limit(limit)
    )
    if reason:
        query = query.where(suppressions.c.reason == reason)
    if below is not None:
        query = query.where(suppressions.c.id < below)
    return [
        ListedSuppression(
            id=row.id,
            suppression=_load(row),
            address=EmailAddress(row.address) if row.address else None,
            subscriber_id=row.subscriber_id,
        )
        for row in transaction.execute(query)
    ]


def find_standing_by_id(transaction: Transaction, suppression_id: int) -> bytes | None:
    """Return the address hash of a suppression; None unless it stands."""
    query = select(suppressions.c.address_hash).where(suppressions.c.id == suppression_id, _STANDING)
    address_hash: bytes | None = transaction.scalar(query)
    return address_hash


def clear_evidence(transaction: Transaction, address_hash: bytes) -> None:
    """Take away what the evidence may quote of a person who is erased; the decision and its reason stay."""
    transaction.execute(
        update(suppressions).where(suppressions.c.address_hash == address_hash).values(evidence={}, lifted_because=None)
    )


def _insert_new(transaction: Transaction) -> Insert:
    if transaction.dialect.name == "sqlite":
        return sqlite.insert(suppressions).on_conflict_do_nothing()
    return postgresql.insert(suppressions).on_conflict_do_nothing()


def _load(row: Row[*tuple[Any, ...]]) -> Suppression:
    return Suppression(
        address_hash=row.address_hash,
        reason=SuppressionReason(row.reason),
        evidence=row.evidence,
        decided_at=row.decided_at,
        lifted_at=row.lifted_at,
        lifted_because=row.lifted_because,
    )
