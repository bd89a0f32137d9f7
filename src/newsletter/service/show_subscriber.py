"""Everything that is stored about a person, for whoever asks for it and has the right to."""

from __future__ import annotations

from newsletter.domain.address import EmailAddress
from newsletter.domain.person import PersonalRecord
from newsletter.domain.token import hash_address
from newsletter.errors import NotFoundError
from newsletter.store.consents import list_consents
from newsletter.store.database import Database
from newsletter.store.people import list_bounces, list_deliveries, list_notices
from newsletter.store.subscribers import find_subscriber
from newsletter.store.suppressions import list_suppressions_of
from newsletter.store.tags import list_tags


def show_subscriber(address: EmailAddress, *, database: Database, address_key: bytes) -> PersonalRecord:
    """Raise NotFoundError for an address of which not even a hash is stored."""
    address_hash = hash_address(address.normalized, address_key)
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, address)
        record = PersonalRecord(
            address=subscriber.address if subscriber else address,
            subscriber=subscriber,
            tags=list_tags(snapshot, subscriber.id) if subscriber else (),
            consents=list_consents(snapshot, address_hash),
            deliveries=list_deliveries(snapshot, subscriber.id) if subscriber else (),
            notices=list_notices(snapshot, subscriber.id) if subscriber else (),
            bounces=list_bounces(snapshot, address_hash),
            suppressions=list_suppressions_of(snapshot, address_hash),
        )
    if not (subscriber or record.consents or record.bounces or record.suppressions):
        raise NotFoundError(f"Nothing is stored about {address}.")
    return record
