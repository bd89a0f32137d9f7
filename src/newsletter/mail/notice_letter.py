"""Compose the letter of a notice. There are few of them, so each is composed by itself; nothing is spliced."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.utils import format_datetime

from newsletter.domain.letter import Letter, Sender, stuff
from newsletter.domain.notice import Notice
from newsletter.domain.token import KeyRing, sign_delivery
from newsletter.mail.header import check_fields, encode_mailbox, encode_text
from newsletter.mail.message import encode_quoted_printable

_FIELDS = (
    "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted",
    "X-Auto-Response-Suppress", "Content-Type",
)  # fmt: skip


def compose_notice(
    notice: Notice, *, subject: str, html: str, text: str, sender: Sender, keys: KeyRing, now: datetime
) -> Letter:
    """Return a notice as a letter. Raises RefusedError where a header would not be safe.

    Its name is the same at every try, so a receiver can recognise a repeat.
    """
    token = sign_delivery(notice.delivery, keys)
    boundary = f"=_{hashlib.sha256((html + text).encode()).hexdigest()[:32]}".encode("ascii")
    values = (
        encode_mailbox("From", sender.name, sender.address.text),
        sender.reply_to.text.encode("ascii"),
        notice.address.text.encode("ascii"),
        encode_text("Subject", subject),
        format_datetime(now.replace(microsecond=0)).encode("ascii"),
        f"<{token}@{sender.address.domain}>".encode("ascii"),
        b"1.0",
        b"auto-generated",  # RFC 3834 5: no vacation reply to this one
        b"All",
        b'multipart/alternative; boundary="' + boundary + b'"',
    )
    fields = [name.encode("ascii") + b": " + value + b"\r\n" for name, value in zip(_FIELDS, values, strict=True)]
    header = b"".join(fields)
    check_fields(header, _FIELDS)
    parts = _part("text/plain", text, boundary) + _part("text/html", html, boundary)
    return Letter(
        delivery=notice.delivery,
        token=token,
        envelope_sender=sender.envelope_sender(token),
        recipient=notice.address.text,
        pieces=(stuff(header + parts + b"\r\n--" + boundary + b"--\r\n"),),
    )


def _part(content_type: str, text: str, boundary: bytes) -> bytes:
    head = f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return b"\r\n--" + boundary + b"\r\n" + head.encode("ascii") + encode_quoted_printable(text)
