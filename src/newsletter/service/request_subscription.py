"""Sign up on the site. It makes nobody a subscriber; it asks the address, once a day at most, to confirm."""

from __future__ import annotations

import secrets
from datetime import datetime

from newsletter.domain.notice import NoticeKind
from newsletter.domain.sign_up import ONCE_IN, SignUp, SignUpLimits
from newsletter.domain.subscriber import Consent, ConsentEvent, NewSubscriber, SubscriberStatus
from newsletter.domain.token import hash_address
from newsletter.log import log
from newsletter.service.admit_request import admit_request
from newsletter.store import sign_ups
from newsletter.store.consents import record_consent
from newsletter.store.database import Database, Transaction
from newsletter.store.notices import queue_notice
from newsletter.store.subscribers import add_subscriber, find_subscriber, mark_requested


def request_subscription(
    sign_up: SignUp, *, client: str, limits: SignUpLimits, database: Database, address_key: bytes, now: datetime
) -> None:
    """Ask the address to confirm; ``client`` is the network address that the request came from.

    Whatever the state of the address, the caller learns nothing of it. Raises TooManyError where the network, or all
    together, have asked too often within the hour; nothing is stored then.
    """
    address_hash = hash_address(sign_up.address.normalized, address_key)
    moment = now.replace(microsecond=0)  # what the link's token can say
    with database.transaction() as transaction:
        admit_request(transaction, client, limits=limits, address_key=address_key, now=now)
        if sign_ups.take_turn(transaction, address_hash, after=now - ONCE_IN, now=now):
            _ask(transaction, sign_up, address_hash, now=moment)


def _ask(transaction: Transaction, sign_up: SignUp, address_hash: bytes, *, now: datetime) -> None:
    subscriber = find_subscriber(transaction, sign_up.address)
    if subscriber is not None and subscriber.status is SubscriberStatus.ACTIVE:
        queue_notice(transaction, NoticeKind.KNOWN, subscriber.id, details={}, now=now)
        return
    if subscriber is None:
        new = NewSubscriber(
            public_id=secrets.token_bytes(8),
            address=sign_up.address,
            address_hash=address_hash,
            name=sign_up.name,
            topics=sign_up.topics,
            language=sign_up.language,
            status=SubscriberStatus.PENDING,
            created_at=now,
        )
        subscriber_id = add_subscriber(transaction, new)
    else:
        subscriber_id = subscriber.id
        mark_requested(transaction, subscriber_id, sign_up, at=now)
    consent = Consent(event=ConsentEvent.REQUESTED, source=sign_up.source, given_at=now)
    record_consent(transaction, subscriber_id, consent, now=now)
    details = {"requested_at": now.isoformat()}
    queue_notice(transaction, NoticeKind.CONFIRM, subscriber_id, details=details, now=now)
    log.info("sign-up asks for confirmation", subscriber=subscriber_id)
