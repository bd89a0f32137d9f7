"""A last look at finished letters: what the bytes say, whatever the code that made them meant to say."""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from itertools import product

from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import RenderedIssue
from newsletter.domain.letter import Letter, Recipient, Sender
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.token import SAMPLE_READER, KeyRing
from newsletter.errors import RefusedError
from newsletter.mail.header import check_fields
from newsletter.mail.message import FIELDS, Splicer, compile_letters

_LONGEST_LINE = 998  # RFC 5322 2.1.1, without CRLF
_LONGEST_ENCODED_LINE = 76  # RFC 2045 6.7 for quoted-printable, RFC 2047 2 for a line with an encoded-word
_LONGEST_ENCODED_WORD = 75  # RFC 2047 2
_LONE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_ENCODED_WORD = re.compile(rb"=\?[^?\s]*\?[^?\s]*\?[^?\s]*\?=")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
# Where letters are signed here: stands in front of all the others, which it signs.
_SIGNATURE = re.compile(rb"\ADKIM-Signature: (?:[^\r]|\r\n[ \t])+\r\n")
_FOLD = re.compile(rb"\r\n(?=[ \t])")

_BOUNDARY = re.compile(rb'multipart/alternative; boundary="(=_[0-9a-f]{32})"')
_PART_HEADERS = tuple(
    f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable".encode("ascii")
    for content_type in ("text/plain", "text/html")
)
_MAILBOX = rb"[^<>@\s,]+@[^<>@\s,]+"
#: what each field of an issue's letter may be
_FORMS = {
    b"From": re.compile(rb"(?:[^<>@,]+|\"(?:[^\"\\\r\n]|\\.)+\") <" + _MAILBOX + rb">|" + _MAILBOX),
    b"Reply-To": re.compile(_MAILBOX),
    b"To": re.compile(_MAILBOX),
    b"Message-ID": re.compile(rb"<" + _MAILBOX + rb">"),
    b"MIME-Version": re.compile(rb"1\.0"),
    b"List-Id": re.compile(rb"<[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+>"),  # RFC 2919: no address
    # RFC 8058 3.1: one https URI; http only on the machine of a trial, which preflight tells apart.
    b"List-Unsubscribe": re.compile(rb"<https?://[!-;=?-~]+>, <mailto:[!-;=?-~]+>"),
    b"List-Unsubscribe-Post": re.compile(rb"List-Unsubscribe=One-Click"),
    b"List-Post": re.compile(rb"NO"),
    b"List-Archive": re.compile(rb"<https?://[!-;=?-~]+>"),
    b"List-Help": re.compile(rb"<https?://[!-;=?-~]+>"),
    b"Precedence": re.compile(rb"bulk"),
    # Three fields in front at most, and a sender's name of 5 to 15 characters.
    b"Feedback-ID": re.compile(rb"[^:\s]*:[^:\s]*:[^:\s]*:[^:\s]{5,15}"),
    b"X-Auto-Response-Suppress": re.compile(rb"All"),
    b"X-Newsletter-Delivery": re.compile(rb"[a-z2-7]+"),
    # Text and HTML, or text alone.
    b"Content-Type": re.compile(_BOUNDARY.pattern + rb"|text/plain; charset=utf-8"),
    b"Content-Transfer-Encoding": re.compile(rb"quoted-printable"),
}


def make_samples(rendered: RenderedIssue, *, sender: Sender) -> Iterator[Letter]:
    """Make complete letters of each variant, whole and of text alone, to the sample reader.

    Raises RefusedError as ``compile_letters`` does.
    """
    splicer = Splicer(
        compile_letters(rendered, sender=sender),
        sender=sender,
        keys=KeyRing(bytes(32)),  # what is looked at is the form; as links, these open nothing
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    for topics, is_text_only in product(rendered.variants, (False, True)):
        yield splicer.splice(
            Recipient(
                delivery=DeliveryId(0, 0),
                address=EmailAddress(f"{'sample-reader':x<64}@example.org"),
                public_id=SAMPLE_READER,
                topics=topics,
                is_text_only=is_text_only,
            )
        )


def inspect_letter(message: bytes) -> Iterator[str]:
    """Say, in a sentence each, what is wrong with an issue's letter as the recipient's host would store it."""
    header, _, body = message.partition(b"\r\n\r\n")
    if _LONE_LINE_END.search(message):
        yield "The letter holds a line end that is not CRLF."
    if any(len(line) > _LONGEST_LINE for line in message.split(b"\r\n")):
        yield f"The letter has a line of more than {_LONGEST_LINE} octets."
    boundary = _BOUNDARY.search(header)
    yield from _inspect_header(header, FIELDS if boundary else (*FIELDS, "Content-Transfer-Encoding"))
    yield from _inspect_encoded_words(header)
    yield from _inspect_parts(body, boundary[1]) if boundary else _inspect_content(body)


def _inspect_header(header: bytes, expected: Sequence[str]) -> Iterator[str]:
    signed = _SIGNATURE.sub(b"", header)
    try:
        check_fields(signed, expected)
    except RefusedError as error:
        yield str(error)
    for field in _FOLD.sub(b"", signed).split(b"\r\n"):
        name, _, value = field.partition(b": ")
        form = _FORMS.get(name)
        if form and not form.fullmatch(value):
            yield f"{name.decode('ascii')} is “{value.decode('ascii', 'replace')}”, which receivers may not understand."


def _inspect_encoded_words(header: bytes) -> Iterator[str]:
    for line in header.split(b"\r\n"):
        words = _ENCODED_WORD.findall(line)
        if any(len(word) > _LONGEST_ENCODED_WORD for word in words) or (words and len(line) > _LONGEST_ENCODED_LINE):
            name = line.partition(b":")[0].decode("ascii", "replace").strip()
            yield f"An encoded-word is longer than {_LONGEST_ENCODED_WORD} octets, or its line than 76: {name[:40]}."
        if any(_CONTROL.search(_decode(word)) for word in words):
            yield "An encoded-word hides a control character or a line break."


def _decode(word: bytes) -> bytes:
    """Return what an encoded-word stands for; a NUL for one that cannot be read."""
    try:
        decoded, _ = decode_header(word.decode("ascii"))[0]
    except (HeaderParseError, UnicodeDecodeError):
        return b"\0"
    return decoded if isinstance(decoded, bytes) else decoded.encode()


def _inspect_parts(body: bytes, boundary: bytes) -> Iterator[str]:
    opening, *parts, end = (b"\r\n" + body).split(b"\r\n--" + boundary)
    heads = tuple(part.removeprefix(b"\r\n").partition(b"\r\n\r\n")[0] for part in parts)
    if opening or end != b"--\r\n" or heads != _PART_HEADERS:
        yield "The letter is not a text part followed by an HTML part, both quoted-printable."
        return
    for part in parts:
        yield from _inspect_content(part.partition(b"\r\n\r\n")[2])


def _inspect_content(content: bytes) -> Iterator[str]:
    if any(len(line) > _LONGEST_ENCODED_LINE for line in content.split(b"\r\n")):
        yield f"A quoted-printable line has more than {_LONGEST_ENCODED_LINE} octets."
    try:
        a2b_qp(content).decode("utf-8")
    except UnicodeDecodeError:
        yield "A part is not UTF-8."
