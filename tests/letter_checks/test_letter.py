"""Checks 15, 16, 20 and 22: the letter's fields, its one click, its parts, and that each is its reader's alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email.utils import parseaddr, parsedate_to_datetime

from letter_checks.press import NOW, READER, PrintedIssue, find_tokens
from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import Slot
from newsletter.domain.letter import Letter
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.token import Purpose, ReaderToken, hash_address, verify_delivery
from newsletter.mail.message import Splicer, compile_letters

FIELDS = [
    *("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "List-Unsubscribe"),
    *("List-Unsubscribe-Post", "List-Post", "List-Archive", "List-Help", "Precedence", "Feedback-ID"),
    *("X-Auto-Response-Suppress", "X-Newsletter-Delivery", "Content-Type"),
]
LONGEST_LINE = 998
LONGEST_ENCODED_WORD = 75
LONGEST_LINE_OF_ENCODED = 76
LONGEST_QP_LINE = 76
READERS = 1000


def read_fields(message: bytes) -> list[tuple[str, str]]:
    """Split the header block as RFC 5322 has it, by nothing but its bytes."""
    block = message.partition(b"\r\n\r\n")[0].decode("ascii")
    fields = re.split(r"\r\n(?![ \t])", block)
    return [
        (name, re.sub(r"\r\n(?=[ \t])", "", value).strip()) for name, _, value in (f.partition(":") for f in fields)
    ]


def test_the_header_has_exactly_these_fields_each_once(printed: PrintedIssue) -> None:
    message = printed.letter.message
    fields = dict(read_fields(message))
    sender = printed.sender

    assert [name for name, _ in read_fields(message)] == FIELDS
    assert parseaddr(printed.message["From"]) == (sender.name, sender.address.text)
    assert fields["Reply-To"] == sender.reply_to.text
    assert fields["To"] == READER
    assert parsedate_to_datetime(fields["Date"]) == NOW
    assert re.fullmatch(r"<[a-z2-7]{31}@ostrel-review\.example>", fields["Message-ID"])
    assert fields["MIME-Version"] == "1.0"
    assert re.fullmatch(r"<[a-z0-9.-]+>", fields["List-Id"])
    assert fields["List-Post"] == "NO"
    assert fields["List-Archive"] == f"<{sender.base_url}/issues>"
    assert fields["List-Help"] == f"<{sender.base_url}/>"
    assert fields["Precedence"] == "bulk"
    assert fields["X-Auto-Response-Suppress"] == "All"
    parts = fields["Feedback-ID"].split(":")
    assert len(parts) == 4
    assert 5 <= len(parts[3]) <= 15
    assert fields["Content-Type"].startswith('multipart/alternative; boundary="')


def test_the_bytes_are_such_as_every_relay_passes_on(printed: PrintedIssue) -> None:
    message = printed.letter.message
    head = message.partition(b"\r\n\r\n")[0]

    assert message.isascii()
    assert message.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", message)
    assert max(map(len, message.split(b"\r\n"))) <= LONGEST_LINE
    for encoded in re.findall(rb"=\?.*?\?=", head):
        assert len(encoded) <= LONGEST_ENCODED_WORD
    for line in head.split(b"\r\n"):
        assert b"=?" not in line or len(line) <= LONGEST_LINE_OF_ENCODED
    assert b"example.net" not in head  # where the hostile headline would have a copy go


def test_one_click_leaves_by_one_https_address(printed: PrintedIssue) -> None:
    fields = dict(read_fields(printed.letter.message))
    web, mail = (uri.strip() for uri in fields["List-Unsubscribe"].split(","))
    token = ReaderToken(printed.recipient.public_id, printed.recipient.delivery.mailing).sign(
        Purpose.UNSUBSCRIBE, printed.keys
    )

    assert web == f"<{printed.sender.base_url}/unsubscribe/{token}>"
    assert mail.startswith("<mailto:")
    assert fields["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # Whole on its line and as it is: a mail program that finds it folded or encoded offers no button.
    assert f"\r\nList-Unsubscribe: {web},\r\n {mail}\r\n".encode() in printed.letter.message
    assert web[1:-1] in printed.html


def test_the_letter_is_text_and_then_html_and_nothing_else(printed: PrintedIssue) -> None:
    message = printed.message
    parts = list(message.iter_parts())

    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    for part in (message, *parts):
        assert part.defects == []
        assert [defect for field in part.values() for defect in getattr(field, "defects", ())] == []
    for part in parts:
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert part.get_content_charset() == "utf-8"
        assert part.get_content_disposition() is None
    body = printed.letter.message.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= LONGEST_QP_LINE
    assert printed.rendered.full.html.fill(_slots(printed)) == printed.html
    assert printed.rendered.full.text.fill(_slots(printed)) == printed.text


def _slots(printed: PrintedIssue) -> dict[Slot, str]:
    token = ReaderToken(printed.recipient.public_id, printed.recipient.delivery.mailing)
    return {slot: token.sign(Purpose(slot.value), printed.keys) for slot in printed.rendered.full.html.slots}


def test_a_thousand_letters_have_nothing_personal_in_common(sample: PrintedIssue) -> None:
    seen: dict[str, list[str]] = {"address": [], "message id": [], "return path": [], "tokens": []}
    for position, letter in enumerate(_letters_to_a_thousand(sample)):
        message = letter.message.decode("ascii")
        plain = message.replace("=\r\n", "")
        address = _address(position)
        own = ReaderToken(hash_address(address, b"public")[:8], 7)
        fields = dict(read_fields(letter.message))
        tokens = find_tokens(plain)

        assert (letter.recipient, fields["To"]) == (address, address)
        assert set(re.findall(r"reader\d+@example\.org", plain)) == {address}
        assert {ReaderToken.verify(token, purpose, sample.keys) for purpose in _PURPOSES for token in tokens} == {
            own,
            None,
        }
        assert verify_delivery(fields["X-Newsletter-Delivery"], sample.keys) == DeliveryId(7, position)
        assert fields["Message-ID"] == f"<{fields['X-Newsletter-Delivery']}@ostrel-review.example>"
        assert set(re.findall(r"\b[a-z2-7]{31}\b", plain)) == {fields["X-Newsletter-Delivery"]}
        seen["address"].append(letter.recipient)
        seen["message id"].append(fields["Message-ID"])
        seen["return path"].append(letter.envelope_sender)
        seen["tokens"].extend(tokens)

    for values in seen.values():
        assert max(Counter(values).values()) == 1
    assert [len(values) for values in seen.values()] == [READERS, READERS, READERS, 2 * READERS]


_PURPOSES = (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES)


def _address(position: int) -> str:
    return f"reader{position}@example.org"


def _letters_to_a_thousand(printed: PrintedIssue) -> Iterator[Letter]:
    forms = compile_letters(printed.rendered, sender=printed.sender)
    splicer = Splicer(forms, sender=printed.sender, keys=printed.keys, clock=_stand_still)
    for position in range(READERS):
        address = _address(position)
        yield splicer.splice(
            printed.recipient._replace(
                delivery=DeliveryId(7, position),
                address=EmailAddress(address),
                public_id=hash_address(address, b"public")[:8],
            )
        )


def _stand_still() -> datetime:
    return NOW
