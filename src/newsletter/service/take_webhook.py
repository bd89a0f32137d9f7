"""Take what a mail provider posts: verified, written as reports, and read like those that come by mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress as expect
from dataclasses import dataclass
from datetime import timedelta

from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.token import KeyRing, sign_delivery, verify_delivery
from newsletter.errors import InputError, InvalidAddressError, NotFoundError, UnauthenticatedError
from newsletter.log import log
from newsletter.mail.attribution import find_tokens_in
from newsletter.mail.mailbox import StoredMessage
from newsletter.mail.webhook import ReadWebhook, WebhookEvent, WebhookRequest
from newsletter.mail.webhook_report import write_event
from newsletter.service.read_bounces import ReadReport, read_bounces
from newsletter.store.bounces import list_replies
from newsletter.store.database import Database, Transaction
from newsletter.store.subscribers import find_subscriber

_SHORTEST_ID = 10  # "queued" and "OK" are no ids
_BETWEEN_WORDS = re.compile(r"[\s<>()\[\]{}=:;,\"']+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """The providers that are configured, and by which rules their reports are judged."""

    providers: Mapping[str, ReadWebhook]
    policy: BouncePolicy
    #: reports on older letters change nobody
    token_age: timedelta


def take_webhook(
    provider: str, request: WebhookRequest, *, webhooks: Webhooks, database: Database, keys: KeyRing
) -> ReadReport:
    """Read a request of ``provider`` and do what follows from it; the same request again does nothing more.

    Raises NotFoundError for a provider without a key, UnauthenticatedError for a request that is not its own, and
    InputError for one that cannot be read.
    """
    read = webhooks.providers.get(provider)
    if read is None:
        raise NotFoundError("No webhook is configured here; its key belongs under [hooks].")
    try:
        events = read(request)
    except (UnauthenticatedError, InputError) as error:
        log.warning("webhook refused", provider=provider, why=str(error))
        raise
    with database.snapshot() as snapshot:
        messages = [
            StoredMessage(provider, write_event(event, provider=provider, token=_find_token(snapshot, event, keys)))
            for event in events
        ]
    done = read_bounces(
        messages,
        database=database,
        keys=keys,
        policy=webhooks.policy,
        token_age=webhooks.token_age,
        now=request.at,
    )
    log.info("webhook taken", provider=provider, events=len(events), duplicates=done.duplicates)
    return done


def _find_token(snapshot: Transaction, event: WebhookEvent, keys: KeyRing) -> str | None:
    """Return the token of the letter that an event is about: its own, else one found by the relay's reply.

    Where neither is found, what only looks like a token says that somebody may have forged one.
    """
    candidates = find_tokens_in(event.token_places)
    own = next((text for text in candidates if verify_delivery(text, keys)), None)
    if own:
        return own
    delivery = _find_by_reply(snapshot, event)
    return sign_delivery(delivery, keys) if delivery else next(iter(candidates), None)


def _find_by_reply(snapshot: Transaction, event: WebhookEvent) -> DeliveryId | None:
    """Return the letter to this recipient whose acceptance the provider answered with this id."""
    if len(event.message_id) < _SHORTEST_ID:
        return None
    with expect(InvalidAddressError):
        subscriber = find_subscriber(snapshot, EmailAddress.parse(event.recipient))
        if subscriber:
            replies = list_replies(snapshot, subscriber.id)
            return next((each for each, reply in replies.items() if _names(reply, event.message_id)), None)
    return None


def _names(reply: str, message_id: str) -> bool:
    words = _BETWEEN_WORDS.split(reply)
    return message_id in words or any(word.partition("@")[0] == message_id for word in words)
