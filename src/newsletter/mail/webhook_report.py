"""A webhook's event, written as the report that a mail server would have sent.

So it is stored, shown, attributed, judged and replayed like one, by the same table of reasons. The provider's own words
come with it as an attachment, which nothing reads but people.
"""

from __future__ import annotations

import hashlib
from email.utils import format_datetime

from newsletter.mail.attribution import DELIVERY_FIELD
from newsletter.mail.webhook import EventKind, WebhookEvent

_LONGEST_VALUE = 2_000
_ACTIONS = {EventKind.FAILED: "failed", EventKind.DELAYED: "delayed"}


def write_event(event: WebhookEvent, *, provider: str, token: str | None) -> bytes:
    """Write the report; ``token`` names the delivery, None where nobody knows it.

    The same event gives the same bytes, so that it counts once however often it is posted.
    """
    returned = _field(DELIVERY_FIELD, token) if token else ""
    if event.kind is EventKind.LEFT:
        subject = f"unsubscribe-{token}" if token else f"{provider}: a reader has unsubscribed"
        parts = [("text/plain; charset=utf-8", event.recipient.encode("utf-8", "replace"))]
        outer = "multipart/mixed"
    else:
        subject = f"Undelivered mail, reported by {provider}"
        outer, reported = _report(event)
        parts = [
            ("text/plain; charset=utf-8", event.words.encode("utf-8", "replace")),
            reported,
            ("text/rfc822-headers", (returned + _field("To", event.recipient)).encode()),
        ]
    parts.append(("application/json", event.source))
    boundary = f"=_{hashlib.sha256(event.source).hexdigest()[:32]}"
    head = (
        f"Return-Path: <>\nFrom: <mailer-daemon@{provider}.invalid>\nSubject: {subject}\n"
        + (f"Date: {format_datetime(event.at)}\n" if event.at else "")
        + f'Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: {outer}; boundary="{boundary}"\n\n'
    )
    body = b"".join(
        b"--%b\nContent-Type: %b\n\n%b\n" % (boundary.encode(), kind.encode(), text) for kind, text in parts
    )
    return head.encode() + body + f"--{boundary}--\n".encode()


def _report(event: WebhookEvent) -> tuple[str, tuple[str, bytes]]:
    if event.kind is EventKind.COMPLAINED:
        fields = _field("Feedback-Type", "abuse") + _field("Version", "1") + _field("Original-Rcpt-To", event.recipient)
        return "multipart/report; report-type=feedback-report", ("message/feedback-report", fields.encode())
    fields = "".join(
        (
            _field("Reporting-MTA", "dns; webhook.invalid"),
            _field("X-Provider-Message-ID", event.message_id),
            "\n",
            _field("Final-Recipient", f"rfc822; {event.recipient}"),
            _field("Action", _ACTIONS[event.kind]),
            _field("Status", event.status),
            _field("Diagnostic-Code", f"smtp; {event.words}" if event.words else ""),
        )
    )
    return "multipart/report; report-type=delivery-status", ("message/delivery-status", fields.encode())


def _field(name: str, value: str) -> str:
    """Write a field on one line, whatever is in its value; nothing for an empty one."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in value[:_LONGEST_VALUE]).split())
    return f"{name}: {line}\n" if line else ""
