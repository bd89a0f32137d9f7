"""Enter one subscriber by hand."""

from __future__ import annotations

import secrets
from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import Consent, ConsentEvent, NewSubscriber, SubscriberStatus
from newsletter.domain.token import hash_address
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, RefusedError
from newsletter.log import log
from newsletter.store.audit import record_act
from newsletter.store.consents import record_consent
from newsletter.store.database import Database
from newsletter.store.subscribers import add_subscriber as store_subscriber
from newsletter.store.subscribers import find_subscriber
from newsletter.store.suppressions import is_suppressed


def add_subscriber(  # noqa: PLR0913 - one thing that is stored, one parameter
    address: EmailAddress,
    *,
    name: str,
    topics: Topic,
    language: str,
    consent_source: str,
    database: Database,
    address_key: bytes,
    now: datetime,
    actor: str | None = None,
) -> None:
    """Store a person who has consented elsewhere; ``consent_source`` says where.

    Raises RefusedError for an address that is stored already, that has left, or that is suppressed.
    """
    if not consent_source.strip():
        raise InputError("Say where the person gave consent, such as 'sign-up sheet, spring lecture'.")
    address_hash = hash_address(address.normalized, address_key)
    with database.transaction() as transaction:
        stored = find_subscriber(transaction, address)
        if stored and stored.status is SubscriberStatus.UNSUBSCRIBED:
            raise RefusedError(f"{address} has left; only the reader can come back, by the link of the goodbye notice.")
        if stored:
            raise RefusedError(f"{address} is a subscriber already ({stored.status}).")
        if is_suppressed(transaction, address_hash):
            raise RefusedError(
                f"{address} is suppressed: see 'newsletter subscribers show', and 'suppressions lift' if that is wrong."
            )
        subscriber_id = store_subscriber(
            transaction,
            NewSubscriber(
                public_id=secrets.token_bytes(8),
                address=address,
                address_hash=address_hash,
                name=name,
                topics=topics,
                language=language,
                created_at=now,
            ),
        )
        consent = Consent(event=ConsentEvent.ADDED, source=consent_source, given_at=now)
        record_consent(transaction, subscriber_id, consent, now=now)
        subject = f"subscriber {subscriber_id}"
        record_act(transaction, "subscriber added", subject=subject, detail={}, now=now, actor=actor)
    log.info("subscriber added", subscriber=subscriber_id)
