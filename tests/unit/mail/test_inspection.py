"""Finished letters, looked at as bytes: a sound one passes, and every damage is seen."""

from __future__ import annotations

import pytest

from builders import the_sample_issue
from mailing_stand import SENDER
from newsletter.mail.inspection import inspect_letter, make_samples
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Mrml


@pytest.fixture(scope="module")
def messages() -> list[bytes]:
    rendered = render_issue(the_sample_issue(), compiler=Mrml())
    return [letter.message for letter in make_samples(rendered, sender=SENDER)]


def test_every_variant_of_a_sample_is_sound(messages: list[bytes]) -> None:
    assert len(messages) == 14
    assert [fault for message in messages for fault in inspect_letter(message)] == []


def test_a_signature_may_stand_in_front(messages: list[bytes]) -> None:
    signature = b"DKIM-Signature: v=1; a=rsa-sha256;\r\n\tb=abc\r\n def\r\n"

    assert list(inspect_letter(signature + messages[0])) == []
    assert list(inspect_letter(signature + signature + messages[0])) != []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"text/plain", b"text/html", "Content-Type is"),
        (b"Encoding: quoted-printable", b"Encoding: 8bit", "Content-Transfer-Encoding is"),
        (b"THE MERIDIAN", b"x" * 77 + b"\r\nTHE MERIDIAN", "more than 76"),
    ],
)
def test_so_is_one_of_a_letter_of_text_alone(messages: list[bytes], old: bytes, new: bytes, words: str) -> None:
    assert old in messages[1]

    faults = list(inspect_letter(messages[1].replace(old, new, 1)))

    assert any(words in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"\r\nReply-To:", b"\r\nBcc: everybody@example.org\r\nReply-To:", "Bcc"),
        (b"Precedence: bulk\r\n", b"", "expected exactly"),
        (b"Precedence: bulk", b"Precedence: bulk\r\nPrecedence: bulk", "expected exactly"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=OneClick", "List-Unsubscribe-Post is"),
        (b"List-Unsubscribe: <https", b"List-Unsubscribe: =?utf-8?q?<https", "List-Unsubscribe is"),
        (b"List-Unsubscribe: <https:", b"List-Unsubscribe: <https://a.example>, <https:", "List-Unsubscribe is"),
        (b"List-Id: <review.", b"List-Id: <review@", "List-Id is"),
        (b":::riverreview", b":::", "Feedback-ID is"),
        (b":::riverreview", b"::::riverreview", "Feedback-ID is"),
        (b"Message-ID: <", b"Message-ID: <@", "Message-ID is"),
        (b"To: sample", b"To: a@example.org, sample", "To is"),
        (b"Subject: ", b"Subject: " + b"x" * 1000, "more than 998"),
        (b"Subject: ", b"Subject: =?utf-8?q?" + b"x" * 70 + b"?= ", "longer than 75"),
        (b"Subject: ", b"Subject: " + b"x" * 60 + b" =?utf-8?q?abcdefg?= ", "longer than 75"),
        (b"Subject: ", b"Subject: =?utf-8?q?a=0D=0ABcc=3A?= ", "hides a control character"),
        (b"Subject: ", b"Subject: =?utf-8?b?Q?= ", "hides a control character"),
        (b"Subject: ", "Subject: é".encode(), "not ASCII"),
        (b"text/plain", b"text/enriched", "not a text part followed by an HTML part"),
        (b"Content-Transfer-Encoding: quoted-printable", b"Content-Transfer-Encoding: 8bit", "not a text part"),
        (b"THE MERIDIAN", b"x" * 77 + b"\r\nTHE MERIDIAN", "more than 76"),
        (b"THE MERIDIAN", b"=C3=28 THE MERIDIAN", "not UTF-8"),
        (b"THE MERIDIAN", b"THE\nMERIDIAN", "not CRLF"),
        (b"THE MERIDIAN", b"THE\rMERIDIAN", "not CRLF"),
    ],
)
def test_every_damage_is_seen(messages: list[bytes], old: bytes, new: bytes, words: str) -> None:
    assert old in messages[0]

    faults = list(inspect_letter(messages[0].replace(old, new, 1)))

    assert any(words in fault for fault in faults), faults
