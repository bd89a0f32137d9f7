"""Leave. Any number of times is the same as once."""

from __future__ import annotations

from datetime import datetime

import structlog

from newsletter.domain.address import EmailAddress
from newsletter.domain.notice import NoticeKind
from newsletter.domain.subscriber import Consent, ConsentEvent, Subscriber, SubscriberStatus
from newsletter.domain.token import KeyRing, Purpose
from newsletter.errors import NotFoundError
from newsletter.service.find_reader import read_link
from newsletter.store.audit import record_act
from newsletter.store.consents import record_consent
from newsletter.store.database import Database, Transaction
from newsletter.store.notices import queue_notice
from newsletter.store.subscribers import find_by_public_id, find_subscriber, mark_unsubscribed

log = structlog.get_logger(__name__)


def unsubscribe_by_link(token: str, *, database: Database, keys: KeyRing, now: datetime) -> bool:
    """Obey the link of a letter, which also names the mailing that it came with.

    True if the reader leaves now; False if that was so before, or nothing is stored about the person any more.
    Raises NotFoundError for a token that is not ours.
    """
    reader = read_link(token, Purpose.UNSUBSCRIBE, keys=keys)
    with database.transaction() as transaction:
        subscriber = find_by_public_id(transaction, reader.public_id)
        if subscriber is None:
            return False
        return leave(transaction, subscriber, source="link in a letter", mailing=reader.mailing or None, now=now)


def unsubscribe_address(
    address: EmailAddress, *, source: str, database: Database, now: datetime, actor: str | None = None
) -> bool:
    """Obey a wish that reached the editors. True if the reader leaves now, False if that was so before.

    Raises NotFoundError for an address that is not stored.
    """
    with database.transaction() as transaction:
        subscriber = find_subscriber(transaction, address)
        if subscriber is None:
            raise NotFoundError(f"{address} is not among the subscribers.")
        has_left = leave(transaction, subscriber, source=source, mailing=None, now=now)
        if has_left:
            subject = f"subscriber {subscriber.id}"
            record_act(transaction, "unsubscribe", subject=subject, detail={}, now=now, actor=actor)
        return has_left


def leave(transaction: Transaction, subscriber: Subscriber, *, source: str, mailing: int | None, now: datetime) -> bool:
    # The update decides, not what was read before it: of two requests at once, one finds the work done.
    if not mark_unsubscribed(transaction, subscriber.id, mailing=mailing, now=now):
        return False
    consent = Consent(event=ConsentEvent.WITHDRAWN, source=source, given_at=now)
    record_consent(transaction, subscriber.id, consent, now=now)
    if subscriber.status is SubscriberStatus.ACTIVE:
        queue_notice(transaction, NoticeKind.GOODBYE, subscriber.id, details={"mailing": mailing}, now=now)
    log.info("subscriber left", subscriber=subscriber.id, mailing=mailing)
    return True
