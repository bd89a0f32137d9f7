"""Erase a person."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import Consent, ConsentEvent
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import hash_address
from newsletter.errors import NotFoundError
from newsletter.log import log
from newsletter.store.address_changes import list_known_hashes
from newsletter.store.audit import record_act
from newsletter.store.consents import record_consent
from newsletter.store.database import Database
from newsletter.store.people import erase_person, erase_reports
from newsletter.store.subscribers import find_subscriber
from newsletter.store.suppressions import clear_evidence, suppress


def forget_subscriber(
    address: EmailAddress, *, database: Database, address_key: bytes, now: datetime, actor: str | None = None
) -> None:
    """Erase the address, the name, the choices, and what letters and reports quote of them.

    What stays knows nobody by name: the counts of mailings, the consent log by hash, and a suppression by hash, so that
    no old list brings the address back. Raises NotFoundError for an address that is not stored.
    """
    address_hash = hash_address(address.normalized, address_key)
    with database.transaction() as transaction:
        subscriber = find_subscriber(transaction, address)
        if subscriber is None:
            raise NotFoundError(f"{address} is not among the subscribers; 'newsletter subscribers show' has the rest.")
        consent = Consent(event=ConsentEvent.WITHDRAWN, source="erased on request", given_at=now)
        record_consent(transaction, subscriber.id, consent, now=now)
        # Addresses that the reader had before were theirs too.
        for known in list_known_hashes(transaction, subscriber.id, address_hash):
            suppress(transaction, known, SuppressionReason.FORGOTTEN, evidence={}, now=now)
            clear_evidence(transaction, known)
            erase_reports(transaction, known)
        erase_person(transaction, subscriber.id, address_hash)
        subject = f"subscriber {subscriber.id}"
        record_act(transaction, "forget subscriber", subject=subject, detail={}, now=now, actor=actor)
    database.empty_log()
    log.info("subscriber forgotten", subscriber=subscriber.id)
