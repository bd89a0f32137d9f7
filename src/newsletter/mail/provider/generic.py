"""A form of our own, for relays and scripts that no other module knows. See docs/webhooks.md."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from newsletter.errors import UnauthenticatedError
from newsletter.mail.webhook import EventKind, Fetch, WebhookEvent, WebhookRequest, decode_document

_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_TOLERANCE = timedelta(minutes=5)
_KINDS = {
    "failed": EventKind.FAILED,
    "delayed": EventKind.DELAYED,
    "complaint": EventKind.COMPLAINED,
    "unsubscribed": EventKind.LEFT,
}


class _Event(msgspec.Struct, frozen=True):
    kind: Literal["failed", "delayed", "complaint", "unsubscribed"]
    recipient: str = ""
    status: str = ""
    words: str = ""
    token: str = ""
    message_id: str = ""
    at: datetime | None = None


class _Document(msgspec.Struct, frozen=True):
    events: list[msgspec.Raw]


class Webhook:
    def __init__(self, key: str, *, fetch: Fetch) -> None:  # noqa: ARG002 - others need it
        self._key = key.encode("utf-8")

    def __call__(self, request: WebhookRequest) -> tuple[WebhookEvent, ...]:
        self._verify(request)
        document = decode_document(request.body, _Document)
        return tuple(_read(bytes(raw)) for raw in document.events)

    def _verify(self, request: WebhookRequest) -> None:
        given = _SIGNATURE.fullmatch(request.headers.get("x-newsletter-signature", ""))
        if given is None:
            raise UnauthenticatedError("The request has no X-Newsletter-Signature of the form t=SECONDS,v1=HEX.")
        seconds, signature = given.groups()
        expected = hmac.new(self._key, seconds.encode("ascii") + b"." + request.body, "sha256").hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise UnauthenticatedError("The request's signature was not made with our key.")
        if abs(request.at.timestamp() - int(seconds)) > _TOLERANCE.total_seconds():
            raise UnauthenticatedError("The request was signed more than five minutes ago, or the clocks differ.")


def _read(raw: bytes) -> WebhookEvent:
    event = decode_document(raw, _Event)
    return WebhookEvent(
        kind=_KINDS[event.kind],
        recipient=event.recipient,
        status=event.status,
        words=event.words,
        message_id=event.message_id,
        token_places=(event.token, event.message_id),
        at=event.at.astimezone(UTC) if event.at else None,
        source=raw,
    )
