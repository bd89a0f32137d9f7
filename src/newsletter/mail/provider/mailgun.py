"""Mailgun. It signs a time and a random token, and not the event; so a token stands for one event, and for a while.

Which event a token came with is remembered in memory: a replay that would tell of another event has to be overheard and
sent within a quarter of an hour, to a process that has been started anew since.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from threading import Lock

import msgspec

from newsletter.errors import UnauthenticatedError
from newsletter.mail.webhook import EventKind, Fetch, WebhookEvent, WebhookRequest, decode_document

_TOLERANCE = timedelta(minutes=15)
_MOST_TOKENS = 10_000
_KINDS = {"failed": EventKind.FAILED, "complained": EventKind.COMPLAINED, "unsubscribed": EventKind.LEFT}
# Why Mailgun did not even try.
_KINDS_OF_REASON = {"suppress-complaint": EventKind.COMPLAINED, "suppress-unsubscribe": EventKind.LEFT}


class _Signature(msgspec.Struct, frozen=True):
    timestamp: str
    token: str
    signature: str


class _Document(msgspec.Struct, frozen=True, rename="kebab"):
    signature: _Signature
    event_data: msgspec.Raw


class _Status(msgspec.Struct, frozen=True, rename="kebab"):
    code: int | None = None
    enhanced_code: str | None = None
    message: str | None = None
    description: str | None = None


class _Headers(msgspec.Struct, frozen=True, rename="kebab"):
    message_id: str | None = None


class _Message(msgspec.Struct, frozen=True):
    headers: _Headers | None = None


class _Envelope(msgspec.Struct, frozen=True):
    sender: str | None = None


class _Event(msgspec.Struct, frozen=True, rename="kebab"):
    event: str
    recipient: str | None = None
    severity: str | None = None
    reason: str | None = None
    timestamp: float | None = None
    delivery_status: _Status | None = None
    message: _Message | None = None
    envelope: _Envelope | None = None


class Webhook:
    def __init__(self, key: str, *, fetch: Fetch) -> None:  # noqa: ARG002 - others need it
        self._key = key.encode("utf-8")
        #: the event of each token
        self._taken: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def __call__(self, request: WebhookRequest) -> tuple[WebhookEvent, ...]:
        document = decode_document(request.body, _Document)
        self._verify(document.signature, now=request.at)
        source = bytes(document.event_data)
        self._take(document.signature.token, source)
        return _read(source)

    def _verify(self, given: _Signature, *, now: datetime) -> None:
        signed = f"{given.timestamp}{given.token}".encode("utf-8", "replace")
        expected = hmac.new(self._key, signed, "sha256").hexdigest()
        if not hmac.compare_digest(expected.encode("ascii"), given.signature.encode("utf-8", "replace")):
            raise UnauthenticatedError("The request's signature was not made with the webhook signing key.")
        if not given.timestamp.isascii() or not given.timestamp.isdigit():
            raise UnauthenticatedError("The signed time is no number of seconds.")
        if abs(now.timestamp() - int(given.timestamp)) > _TOLERANCE.total_seconds():
            raise UnauthenticatedError("The request was signed more than 15 minutes ago, or the clocks differ.")

    def _take(self, token: str, source: bytes) -> None:
        with self._lock:
            if self._taken.setdefault(token, source) != source:
                raise UnauthenticatedError("The request's token came with another event before.")
            if len(self._taken) > _MOST_TOKENS:
                self._taken.popitem(last=False)


def _read(source: bytes) -> tuple[WebhookEvent, ...]:
    event = decode_document(source, _Event)
    kind = _KINDS.get(event.event)
    if kind is None:
        return ()
    if kind is EventKind.FAILED:
        kind = _KINDS_OF_REASON.get(event.reason or "", kind)
    if kind is EventKind.FAILED and event.severity == "temporary":
        kind = EventKind.DELAYED
    status = event.delivery_status or _Status()
    return (
        WebhookEvent(
            kind=kind,
            recipient=event.recipient or "",
            status=status.enhanced_code or "",
            words=_write_words(status),
            token_places=_token_places(event),
            at=datetime.fromtimestamp(event.timestamp, UTC) if event.timestamp else None,
            source=source,
        ),
    )


def _write_words(status: _Status) -> str:
    said = " ".join(filter(None, (status.message, status.description)))
    # Mailgun's own codes begin with 6; only those of SMTP say whether another try may succeed.
    is_reply = status.code is not None and 400 <= status.code < 600  # noqa: PLR2004 - RFC 5321 4.2.1
    return f"{status.code} {said}" if is_reply and not said.startswith(str(status.code)) else said


def _token_places(event: _Event) -> tuple[str, ...]:
    message_id = event.message.headers.message_id if event.message and event.message.headers else None
    sender = event.envelope.sender if event.envelope else None
    return message_id or "", sender or ""
