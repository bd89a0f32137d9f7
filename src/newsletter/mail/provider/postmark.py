"""Postmark. It does not sign; it sends the user name and password that stand in the webhook's address or settings."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime

import msgspec

from newsletter.errors import ConfigurationError, UnauthenticatedError
from newsletter.mail.attribution import DELIVERY_FIELD
from newsletter.mail.webhook import EventKind, Fetch, WebhookEvent, WebhookRequest, decode_document

_KINDS = {
    "Transient": EventKind.DELAYED,
    "SpamComplaint": EventKind.COMPLAINED,
    "SpamNotification": EventKind.FAILED,
    "Unsubscribe": EventKind.LEFT,
}
_FAILURES = frozenset(
    {
        "HardBounce", "SoftBounce", "DnsError", "AddressChange", "Unknown", "VirusNotification", "BadEmailAddress",
        "ManuallyDeactivated", "Unconfirmed", "Blocked", "SMTPApiError", "InboundError", "DMARCPolicy",
    }
)  # fmt: skip
# Some types say why where the other server's reply is missing. "HardBounce" does not: it may be anything.
_WORDS_OF_TYPE = {
    "AddressChange": "user has moved",
    "VirusNotification": "virus",
    "SpamNotification": "spam",
    "DMARCPolicy": "dmarc",
    "DnsError": "dns error",
}
_SUPPRESSIONS = {"SpamComplaint": EventKind.COMPLAINED, "ManualSuppression": EventKind.LEFT}
_BY_THE_READER = "Recipient"


class _Document(msgspec.Struct, frozen=True, rename="pascal"):
    """A bounce, a complaint or a change of Postmark's own suppressions; whatever else it posts has less."""

    record_type: str
    type: str | None = None
    message_id: str | None = msgspec.field(name="MessageID", default=None)
    email: str | None = None
    details: str | None = None
    #: the other server's report, where Postmark is told to send it along
    content: str | None = None
    metadata: dict[str, str] | None = None
    bounced_at: datetime | None = None
    # of a change of its suppressions
    recipient: str | None = None
    suppress_sending: bool = False
    suppression_reason: str | None = None
    origin: str | None = None
    changed_at: datetime | None = None


class Webhook:
    def __init__(self, key: str, *, fetch: Fetch) -> None:  # noqa: ARG002 - others need it
        if ":" not in key.strip(":"):
            raise ConfigurationError("[hooks] postmark is USER:PASSWORD, as in the webhook's settings at Postmark.")
        self._expected = b"Basic " + base64.b64encode(key.encode("utf-8"))

    def __call__(self, request: WebhookRequest) -> tuple[WebhookEvent, ...]:
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._expected):
            raise UnauthenticatedError("The request does not have Postmark's user name and password.")
        document = decode_document(request.body, _Document)
        kind = _choose(document)
        if kind is None:
            return ()
        at = document.bounced_at or document.changed_at
        return (
            WebhookEvent(
                kind=kind,
                recipient=document.email or document.recipient or "",
                words=_strip_type(document.details or "") or _WORDS_OF_TYPE.get(document.type or "", ""),
                message_id=document.message_id or "",
                token_places=tuple(_token_places(document)),
                at=at.astimezone(UTC) if at else None,
                source=request.body,
            ),
        )


def _choose(document: _Document) -> EventKind | None:
    match document.record_type:
        case "Bounce" | "SpamComplaint":
            kind = document.type or document.record_type
            return _KINDS.get(kind) or (EventKind.FAILED if kind in _FAILURES else None)
        case "SubscriptionChange" if document.suppress_sending and document.origin == _BY_THE_READER:
            return _SUPPRESSIONS.get(document.suppression_reason or "")
        case _:
            return None


def _token_places(document: _Document) -> list[str]:
    """Return the letter's metadata, and its own field where the report that came back has one."""
    fields = [
        line
        for line in (document.content or "").splitlines()
        if line.lower().startswith((DELIVERY_FIELD.lower(), "message-id"))
    ]
    return [*(document.metadata or {}).values(), *fields]


def _strip_type(details: str) -> str:
    kind, semicolon, rest = details.partition(";")
    return rest.strip() if semicolon and kind.strip().lower() == "smtp" else details
