"""Take an unsubscribe back, by the link of the goodbye notice."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.subscriber import Consent, ConsentEvent
from newsletter.domain.token import KeyRing, Purpose
from newsletter.errors import NotFoundError
from newsletter.log import log
from newsletter.service.find_reader import read_link
from newsletter.store.consents import record_consent
from newsletter.store.database import Database
from newsletter.store.subscribers import find_by_public_id, mark_active


def return_by_link(token: str, *, database: Database, keys: KeyRing, now: datetime) -> bool:
    """Subscribe the reader again. False if that was so before.

    Raises NotFoundError for a token that is not ours, and where nothing is stored about the person any more.
    """
    reader = read_link(token, Purpose.RETURN, keys=keys)
    with database.transaction() as transaction:
        subscriber = find_by_public_id(transaction, reader.public_id)
        if subscriber is None:
            raise NotFoundError("Nothing is stored under this link any more; please subscribe again.")
        if not mark_active(transaction, subscriber.id):
            return False
        consent = Consent(event=ConsentEvent.CONFIRMED, source="link in the goodbye notice", given_at=now)
        record_consent(transaction, subscriber.id, consent, now=now)
    log.info("subscriber returned", subscriber=subscriber.id)
    return True
