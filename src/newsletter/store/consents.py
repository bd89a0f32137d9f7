"""The consent log. It is only ever added to, and knows people by the hash of their address."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from newsletter.domain.person import LoggedConsent
from newsletter.domain.subscriber import Consent, ConsentEvent
from newsletter.store.bulk import insert_new_rows
from newsletter.store.database import Transaction
from newsletter.store.tables import consent_log, subscribers


def record_consents(transaction: Transaction, consents: Iterable[tuple[bytes, Consent]], *, now: datetime) -> None:
    """Add one line for each pair of address hash and consent."""
    pairs = list(consents)
    columns: dict[str, Sequence[Hashable]] = {
        "address_hash": [address_hash for address_hash, _ in pairs],
        "event": [consent.event.value for _, consent in pairs],
        "source": [consent.source for _, consent in pairs],
        "given_at": [consent.given_at for _, consent in pairs],
        "recorded_at": [now] * len(pairs),
    }
    insert_new_rows(transaction, consent_log, columns)


def record_consent(transaction: Transaction, subscriber_id: int, consent: Consent, *, now: datetime) -> None:
    """Add one line about a subscriber."""
    address_hash = transaction.scalars(select(subscribers.c.address_hash).filter_by(id=subscriber_id)).one()
    record_consents(transaction, [(address_hash, consent)], now=now)


def list_consents(transaction: Transaction, address_hash: bytes) -> tuple[LoggedConsent, ...]:
    """Return a person's lines, the first one first."""
    rows = transaction.execute(select(consent_log).filter_by(address_hash=address_hash).order_by(consent_log.c.id))
    return tuple(
        LoggedConsent(
            event=ConsentEvent(row.event), source=row.source, given_at=row.given_at, recorded_at=row.recorded_at
        )
        for row in rows
    )
