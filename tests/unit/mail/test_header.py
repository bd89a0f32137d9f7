"""Header fields."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from newsletter.errors import RefusedError
from newsletter.mail.header import check_fields, encode_mailbox, encode_text


def test_a_long_subject_beyond_ascii_survives_in_short_encoded_words() -> None:
    subject = "Çevirmenler ve arşivler: bir bölgenin hafızası üzerine uzun bir başlık — ikinci bölüm"
    encoded = encode_text("Subject", subject)

    assert all(len(line) <= 75 for line in (b"Subject: " + encoded).split(b"\r\n"))
    assert str(make_header(decode_header(encoded.decode().replace("\r\n", "")))) == subject


@pytest.mark.parametrize("text", ["a\r\nBcc: x@example.org", "a\nb", "=?utf-8?q?a=0D=0ABcc=3A?=", "a\x85b", "a\u2028b"])
def test_input_can_never_add_a_header(text: str) -> None:
    with pytest.raises(RefusedError):
        encode_text("Subject", text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", b"news@example.org"),
        ("River Review", b"River Review <news@example.org>"),
        ('The "River", Review', b'"The \\"River\\", Review" <news@example.org>'),
        ("Flußkurier", b"=?utf-8?q?Flu=C3=9Fkurier?= <news@example.org>"),
    ],
)
def test_a_display_name_is_quoted_or_encoded_as_it_needs(name: str, expected: bytes) -> None:
    assert encode_mailbox("From", name, "news@example.org") == expected


@pytest.mark.parametrize("name", ["Острельское обозрение", "Обозрение", "مجلة أوستريل", "Об" * 40])
def test_no_line_with_an_encoded_display_name_is_longer_than_76(name: str) -> None:
    encoded = encode_mailbox("From", name, "editors@ostrel-review.example")
    words, _, address = encoded.decode().replace("\r\n", "").rpartition(" ")

    assert all(len(line) <= 76 for line in (b"From: " + encoded).split(b"\r\n"))
    assert str(make_header(decode_header(words))) == name
    assert address == "<editors@ostrel-review.example>"


@pytest.mark.parametrize("length", [1, 7, 12, 13, 14, 40, 120])
@pytest.mark.parametrize("letter", ["й", "界", "🦊", "é x"])
def test_a_name_of_any_length_survives_in_lines_of_at_most_76_characters(letter: str, length: int) -> None:
    display_name = (letter * length).strip()
    address = "the-editors-of-the-review@a-rather-long-subdomain.of-the-journal.example"

    encoded = b"From: " + encode_mailbox("From", display_name, address)

    lines = encoded.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines if b"=?" in line)
    assert all(len(word) <= 75 for word in encoded.split() if word.startswith(b"=?"))
    assert all(line.startswith(b" ") and line.strip() for line in lines[1:])
    assert parse_mailbox(encoded) == (display_name, address)


def parse_mailbox(field: bytes) -> tuple[str, str]:
    """Read a From field by RFC 2047: white space between two encoded-words means nothing."""
    display_name, address = parseaddr(message_from_bytes(field + b"\r\n\r\n")["From"])
    return str(make_header(decode_header(display_name))), address


@pytest.mark.parametrize(
    "name",
    ["Ann\r\nBcc: x@example.org", "Ann\x00", "=?utf-8?q?a=0D=0ABcc=3A?=", "Ann =?", "Ann\x85", "Ann\u2028", "\x1b[31m"],
)
def test_a_name_can_never_add_a_header(name: str) -> None:
    with pytest.raises(RefusedError):
        encode_mailbox("From", name, "news@example.org")


@pytest.mark.parametrize(
    "block",
    [
        b"From: a\r\nBcc: b\r\n",
        b"From: a\r\nFrom: b\r\n",
        b"From: a\r\n",
        b"From: a\nb\r\nTo: b\r\n",
        b"From: a\r\nTo: " + b"x" * 1000 + b"\r\n",
        b"From: \xc3\xa9\r\nTo: b\r\n",
        b"no field at all\r\nTo: b\r\n",
    ],
)
def test_the_serialised_block_must_hold_exactly_the_expected_fields(block: bytes) -> None:
    with pytest.raises(RefusedError):
        check_fields(block, ["From", "To"])


def test_a_folded_field_counts_once() -> None:
    check_fields(b"From: a,\r\n b\r\nTo: c\r\n", ["From", "To"])
