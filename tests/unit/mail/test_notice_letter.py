"""The letter of a notice, byte by byte."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from newsletter.domain.address import EmailAddress
from newsletter.domain.letter import Letter, Sender
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.notice import Notice, NoticeKind
from newsletter.domain.token import KeyRing, verify_delivery
from newsletter.errors import RefusedError
from newsletter.mail.notice_letter import compose_notice

KEYS = KeyRing(b"a secret of the newsletter, long enough")
NOW = datetime(2026, 3, 5, 9, 0, 30, 123456, tzinfo=UTC)


def compose(
    *,
    name: str = "Röda Tråden",
    subject: str = "Välkommen",
    text: str = "Hej\n.a line with a dot\n",
    html: str = "<p>Hej då</p>\n",
) -> Letter:
    notice = Notice(
        id=7,
        kind=NoticeKind.WELCOME,
        address=EmailAddress("ada@example.org"),
        public_id=b"12345678",
        queued_at=NOW,
        attempts=1,
    )
    sender = Sender(
        name=name,
        address=EmailAddress("news@review.example"),
        reply_to=EmailAddress("editors@review.example"),
        bounce_address="b+{token}@bounces.review.example",
        list_id="review.example",
        feedback_id="reviewletter",
        base_url="https://review.example",
    )
    return compose_notice(notice, subject=subject, html=html, text=text, sender=sender, keys=KEYS, now=NOW)


def read(letter: Letter) -> EmailMessage:
    return message_from_bytes(letter.message, policy=policy.default)


def test_the_headers_are_exactly_those_of_a_notice() -> None:
    letter = compose()
    message = read(letter)

    expected = [
        ("From", "Röda Tråden <news@review.example>"),
        ("Reply-To", "editors@review.example"),
        ("To", "ada@example.org"),
        ("Subject", "Välkommen"),
        ("Date", "Thu, 05 Mar 2026 09:00:30 +0000"),
        ("Message-ID", f"<{letter.token}@review.example>"),
        ("MIME-Version", "1.0"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
    ]
    assert message.items()[:-1] == expected
    assert message.get_content_type() == "multipart/alternative"


def test_text_comes_before_html_and_both_are_quoted_printable() -> None:
    message = read(compose())
    text, html = message.iter_parts()

    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert [part["Content-Transfer-Encoding"] for part in (text, html)] == ["quoted-printable"] * 2
    assert text.get_content().splitlines() == ["Hej", ".a line with a dot"]
    assert html.get_content().splitlines() == ["<p>Hej då</p>"]
    assert not message.defects


def test_a_line_that_begins_with_a_dot_is_stuffed() -> None:
    assert b"\r\n..a line with a dot" in compose().content


def test_every_line_ends_as_the_wire_wants_it() -> None:
    content = compose().content

    assert content.endswith(b"--\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")


def test_its_return_path_names_the_notice_and_no_delivery_of_a_mailing() -> None:
    letter = compose()

    assert letter.envelope_sender == f"b+{letter.token}@bounces.review.example"
    assert letter.recipient == "ada@example.org"
    assert verify_delivery(letter.token, KEYS) == DeliveryId(0, 7)


def test_a_second_try_has_the_same_name() -> None:
    assert read(compose())["Message-ID"] == read(compose())["Message-ID"]


def test_a_sender_name_cannot_smuggle_a_header_in() -> None:
    with pytest.raises(RefusedError, match="line break"):
        compose(name="News\r\nBcc: everybody@example.net")
