"""SendGrid. Its event webhook is signed by ECDSA; the key is the verification key, as its settings show it."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.errors import ConfigurationError, UnauthenticatedError
from newsletter.mail.webhook import EventKind, Fetch, WebhookEvent, WebhookRequest, decode_document

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"

_KINDS = {
    "bounce": EventKind.FAILED,
    "dropped": EventKind.FAILED,
    "deferred": EventKind.DELAYED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.LEFT,
    "group_unsubscribe": EventKind.LEFT,
}
# Why SendGrid did not even try.
_KINDS_OF_DROP = {"spam reporting address": EventKind.COMPLAINED, "unsubscribed address": EventKind.LEFT}
# What it appends to the id that its reply named.
_APPENDED = re.compile(r"\.(?:filter|recvd|filterdrecv)")


class _Event(msgspec.Struct, frozen=True):
    event: str
    email: str = ""
    timestamp: float | None = None
    #: our Message-ID
    smtp_id: str | None = msgspec.field(name="smtp-id", default=None)
    sg_message_id: str | None = None
    status: str | None = None
    reason: str | None = None
    response: str | None = None


class Webhook:
    def __init__(self, key: str, *, fetch: Fetch) -> None:  # noqa: ARG002 - others need it
        try:
            public = load_der_public_key(base64.b64decode(key, validate=True))
        except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
            raise ConfigurationError("[hooks] sendgrid is the verification key of the event webhook.") from error
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise ConfigurationError("[hooks] sendgrid is the verification key of the event webhook, for ECDSA.")
        self._key = public

    def __call__(self, request: WebhookRequest) -> tuple[WebhookEvent, ...]:
        self._verify(request)
        sources = decode_document(request.body, list[msgspec.Raw])
        return tuple(event for source in sources if (event := _read(bytes(source))))

    def _verify(self, request: WebhookRequest) -> None:
        signed = request.headers.get(_TIMESTAMP, "").encode("utf-8", "replace") + request.body
        try:
            signature = base64.b64decode(request.headers.get(_SIGNATURE, ""), validate=True)
            self._key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except (binascii.Error, ValueError, InvalidSignature) as error:
            raise UnauthenticatedError("The request's signature was not made with SendGrid's key.") from error


def _read(source: bytes) -> WebhookEvent | None:
    event = decode_document(source, _Event)
    kind = _KINDS.get(event.event)
    if kind is None:
        return None
    if event.event == "dropped":
        kind = _KINDS_OF_DROP.get((event.reason or "").lower(), kind)
    return WebhookEvent(
        kind=kind,
        recipient=event.email,
        status=event.status or "",
        words=event.response or event.reason or "",
        message_id=_APPENDED.split(event.sg_message_id or "", maxsplit=1)[0],
        token_places=(event.smtp_id or "",),
        at=datetime.fromtimestamp(event.timestamp, UTC) if event.timestamp else None,
        source=source,
    )
