"""Compose the letter that shows a reader's answer to the editors: our words first, the answer attached as it came."""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_base64
from datetime import datetime
from email.utils import format_datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.letter import Letter, Sender, stuff
from newsletter.domain.notice import Notice
from newsletter.domain.stored_report import plain_words
from newsletter.domain.token import KeyRing, sign_delivery
from newsletter.errors import InvalidAddressError
from newsletter.mail.header import check_fields, encode_mailbox, encode_text
from newsletter.mail.message import encode_quoted_printable
from newsletter.mail.reply import Reply

_LONGEST_LINE = 998  # RFC 5322 2.1.1, without CRLF
_LONGEST_SUBJECT = 150
_BASE64_LINE = 57  # octets that make 76 letters
_LINE_END = re.compile(rb"\r\n|\r|\n")


def compose_forwarded_reply(
    notice: Notice,
    *,
    editors: EmailAddress,
    reply: Reply,
    text: str,
    raw: bytes,
    sender: Sender,
    keys: KeyRing,
    now: datetime,
) -> Letter:
    """Return the letter to the editors. Answering it writes to the reader, if ``reply`` names an address to answer to.

    It says of itself that a program made it, so that neither an absence note nor another newsletter answers it.
    """
    mark = "A reader wrote about unsubscribing" if reply.asks_to_leave else "A reader wrote"
    subject = plain_words(f"{mark}: {reply.subject}").replace("=?", "= ?")[:_LONGEST_SUBJECT]
    token = sign_delivery(notice.delivery, keys)
    boundary = f"=_{hashlib.sha256(text.encode() + raw).hexdigest()[:32]}".encode("ascii")
    values = {
        "From": encode_mailbox("From", sender.name, sender.address.text),
        "Reply-To": _read_address(reply.answer_to),
        "To": editors.text.encode("ascii"),
        "Subject": encode_text("Subject", subject),
        "Date": format_datetime(now.replace(microsecond=0)).encode("ascii"),
        "Message-ID": f"<{token}@{sender.address.domain}>".encode("ascii"),
        "MIME-Version": b"1.0",
        "Auto-Submitted": b"auto-generated",  # RFC 3834 5
        "X-Auto-Response-Suppress": b"All",
        "Content-Type": b'multipart/mixed; boundary="' + boundary + b'"',
    }
    present = {name: value for name, value in values.items() if value}
    header = b"".join(name.encode("ascii") + b": " + value + b"\r\n" for name, value in present.items())
    check_fields(header, list(present))
    written = (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + encode_quoted_printable(text)
    )
    parts = b"".join(b"\r\n--" + boundary + b"\r\n" + part for part in (written, _attach(raw, notice.report)))
    return Letter(
        delivery=notice.delivery,
        token=token,
        envelope_sender=sender.envelope_sender(token),
        recipient=editors.text,
        pieces=(stuff(header + parts + b"\r\n--" + boundary + b"--\r\n"),),
    )


def _read_address(text: str) -> bytes:
    try:
        return EmailAddress.parse(text).text.encode("ascii")
    except (InvalidAddressError, UnicodeEncodeError):
        return b""


def _attach(raw: bytes, report: int) -> bytes:
    """Attach a message as it came; one that is not ASCII as a file, for a message may not be encoded (RFC 2046 5.2.1).

    Every relay takes ASCII in short lines; not every one takes eight bits.
    """
    lines = _LINE_END.split(raw)
    if raw.isascii() and b"\0" not in raw and max(map(len, lines)) <= _LONGEST_LINE:
        return b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + b"\r\n".join(lines)
    name = f"reply-{report}.eml".encode("ascii")
    encoded = b"".join(
        b2a_base64(raw[start : start + _BASE64_LINE], newline=False) + b"\r\n"
        for start in range(0, len(raw), _BASE64_LINE)
    )
    return (
        b'Content-Type: application/octet-stream; name="' + name + b'"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="' + name + b'"\r\n\r\n' + encoded
    )
