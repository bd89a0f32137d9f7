"""Confirm a sign-up, by the link of its notice: what makes a person a subscriber."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from newsletter.domain.notice import NoticeKind
from newsletter.domain.sign_up import CONFIRM_WITHIN
from newsletter.domain.subscriber import Consent, ConsentEvent, Subscriber, SubscriberStatus
from newsletter.domain.token import ConfirmToken, KeyRing, hash_address
from newsletter.errors import NotFoundError
from newsletter.log import log
from newsletter.store.consents import record_consent
from newsletter.store.database import Database, Transaction
from newsletter.store.issues import list_published
from newsletter.store.notices import queue_notice
from newsletter.store.subscribers import find_by_public_id, mark_active
from newsletter.store.suppressions import lift_by_confirming


class Standing(Enum):
    """What a confirmation link is good for."""

    #: its button makes the reader a subscriber
    OPEN = auto()
    #: the reader is one
    CONFIRMED = auto()
    #: too old, used before, or overtaken by a later sign-up
    EXPIRED = auto()


def find_standing(token: str, *, database: Database, keys: KeyRing, now: datetime) -> Standing:
    """Look, and change nothing. Raises NotFoundError for a token that is not ours."""
    asked = _read(token, keys)
    with database.snapshot() as snapshot:
        return _judge(asked, find_by_public_id(snapshot, asked.public_id), now)


def confirm_by_link(
    token: str, *, database: Database, keys: KeyRing, address_key: bytes, now: datetime
) -> tuple[Standing, Subscriber | None]:
    """Make the reader a subscriber if the link is still good for it; return how the link, and who the reader, is.

    Raises NotFoundError for a token that is not ours.
    """
    asked = _read(token, keys)
    with database.transaction() as transaction:
        subscriber = find_by_public_id(transaction, asked.public_id)
        standing = _judge(asked, subscriber, now)
        if standing is Standing.OPEN and subscriber is not None:
            _confirm(transaction, subscriber, address_key=address_key, now=now)
            standing = Standing.CONFIRMED
    return standing, subscriber


def _read(token: str, keys: KeyRing) -> ConfirmToken:
    asked = ConfirmToken.verify(token, keys)
    if asked is None:
        raise NotFoundError("This link is not complete; please copy all of it from the letter, or use its button.")
    return asked


def _judge(asked: ConfirmToken, subscriber: Subscriber | None, now: datetime) -> Standing:
    if subscriber is None:
        return Standing.EXPIRED
    if subscriber.status is SubscriberStatus.ACTIVE:
        return Standing.CONFIRMED
    is_latest = subscriber.requested_at == asked.requested_at
    return Standing.OPEN if is_latest and now - asked.requested_at <= CONFIRM_WITHIN else Standing.EXPIRED


def _confirm(transaction: Transaction, subscriber: Subscriber, *, address_key: bytes, now: datetime) -> None:
    if not mark_active(transaction, subscriber.id):
        return  # the button was pressed twice at once
    lift_by_confirming(transaction, hash_address(subscriber.address.normalized, address_key), now=now)
    consent = Consent(event=ConsentEvent.CONFIRMED, source="button behind the link of the confirmation", given_at=now)
    record_consent(transaction, subscriber.id, consent, now=now)
    sent = [issue.number for issue in list_published(transaction) if issue.sent_at <= now]
    details = {"issue": sent[-1]} if sent else {}
    queue_notice(transaction, NoticeKind.WELCOME, subscriber.id, details=details, now=now)
    log.info("subscriber confirmed", subscriber=subscriber.id)
