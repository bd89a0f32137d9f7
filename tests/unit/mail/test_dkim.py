"""Signatures, checked by dkimpy, which knows nothing of ours."""

from __future__ import annotations

from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import RenderedIssue, RenderedVariant, Slot, SlottedText
from newsletter.domain.letter import Letter, Recipient, Sender, stuff
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.token import KeyRing
from newsletter.domain.topic import Topic
from newsletter.errors import ConfigurationError
from newsletter.mail.dkim import DkimSigner, make_key, read_key, relax_body, relax_field
from newsletter.mail.message import Splicer, compile_letters

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
KEY = read_key(make_key(), domain="Example.org", selector="n202603")
SIGNER = DkimSigner(KEY, clock=lambda: NOW)
KEYS = KeyRing(b"a secret of the newsletter, long enough")
SENDER = Sender(
    name="River Review, Östra",
    address=EmailAddress("news@example.org"),
    reply_to=EmailAddress("editors@example.org"),
    bounce_address="b+{token}@bounces.example.org",
    list_id="river-review.example.org",
    feedback_id="riverreview",
    base_url="https://news.example.org",
)


def a_splicer(*, text: SlottedText, html: SlottedText) -> Splicer:
    rendered = RenderedIssue(
        number=42,
        subject="Rivers  and rails – a long subject that has to be folded over more than one line of the header",
        preheader="",
        variants={Topic.everything(): RenderedVariant(html=html, text=text)},
    )
    forms = compile_letters(rendered, sender=SENDER)
    return Splicer(forms, sender=SENDER, keys=KEYS, clock=lambda: NOW, signer=SIGNER)


def a_letter(
    *,
    position: int = 1,
    text: SlottedText = SlottedText(("Hello\n.\n..dots\n", Slot.UNSUBSCRIBE, "\n")),
    html: SlottedText = SlottedText(("<p>\tHello  there \n", Slot.PREFERENCES, "  ", Slot.UNSUBSCRIBE, "</p>\n\n\n")),
) -> Letter:
    recipient = Recipient(
        delivery=DeliveryId(7, position),
        address=EmailAddress(f"reader{position}@example.net"),
        public_id=position.to_bytes(8, "big"),
        topics=Topic.everything(),
    )
    return a_splicer(text=text, html=html).splice(recipient)


def is_sound(message: bytes) -> bool:
    def publish(name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG001 - dkimpy gives it
        return KEY.record.encode() if name.rstrip(b".").decode() == KEY.record_name else None

    return bool(dkim.verify(message, dnsfunc=publish))


def test_each_reader_s_letter_is_signed() -> None:
    for position in range(1, 6):
        letter = a_letter(position=position)

        assert letter.content.startswith(
            b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=n202603;"
        )
        assert max(map(len, letter.message.partition(b"\r\nFrom:")[0].split(b"\r\n"))) <= 100
        assert is_sound(letter.message)


_TEXT = st.lists(
    st.one_of(
        st.sampled_from([Slot.UNSUBSCRIBE, Slot.PREFERENCES]),
        st.lists(st.sampled_from([*" \t\n.=aé", "\r\n", "word", "\n.", " \n"]), min_size=1).map("".join),
    ),
    max_size=6,
).map(lambda parts: SlottedText(tuple(parts)))


@given(text=_TEXT, html=_TEXT)
def test_whatever_an_issue_says_its_letters_can_be_checked(text: SlottedText, html: SlottedText) -> None:
    assert is_sound(a_letter(text=text, html=html).message)


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b".", b"a", b"\r\n.", b"0"]), max_size=40))
def test_a_letter_that_was_made_by_itself_can_be_checked_whatever_its_body(parts: list[bytes]) -> None:
    body = b"".join(parts)
    content = stuff(b"From: news@example.org\r\nSubject:  a \t b\r\n c\r\n\r\n" + body + b"\r\n")
    plain = Letter(delivery=DeliveryId(0, 1), token="t", envelope_sender="b@x", recipient="r@x", pieces=(content,))  # noqa: S106 - no password

    assert is_sound(SIGNER.sign(plain).message)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"From: ", b"From: Someone else, "),
        (b"\r\nSubject: ", b"\r\nSubject: Not "),
        (b"\r\nTo: reader1@", b"\r\nTo: reader2@"),
        (b"\r\nDate: Thu", b"\r\nDate: Fri"),
        (b"\r\nList-Unsubscribe: <https://news.", b"\r\nList-Unsubscribe: <https://evil."),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=One-Clicks"),
        (b"\r\nFrom: ", b"\r\nFrom: evil@example.com\r\nFrom: "),
        (b"\r\nList-Unsubscribe-Post: ", b"\r\nList-Unsubscribe-Post: x\r\nList-Unsubscribe-Post: "),
        (b"\r\nContent-Type: multipart", b"\r\nContent-Type: text/plain\r\nContent-Type: multipart"),
        (b"\r\nMIME-Version", b"\r\nCc: everybody@example.com\r\nMIME-Version"),
        (b"Hello", b"Hullo"),
        (b"..dots", b".dots"),
    ],
)
def test_a_changed_letter_fails(old: bytes, new: bytes) -> None:
    message = a_letter().message
    assert message.count(old) >= 1

    assert is_sound(message)
    assert not is_sound(message.replace(old, new, 1))


def test_spaces_that_relays_change_on_the_way_do_no_harm() -> None:
    message = a_letter().message

    assert is_sound(message.replace(b"\r\nSubject: ", b"\r\nSUBJECT:\r\n  ", 1) + b"\r\n\r\n")


def test_what_the_standard_gives_as_an_example_comes_out_the_same() -> None:
    """RFC 6376 3.4.5."""
    assert relax_field("A", b" X") == b"a:X"
    assert relax_field("B ", b" Y\t\r\n\tZ  ") == b"b:Y Z"
    assert relax_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"
    assert relax_body(b"\r\n \r\n") == b""


def pem(key: object, password: bytes | None = None) -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    private_bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)  # type: ignore[attr-defined] # any key
    return str(private_bytes.decode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no key", "no private key in PEM"),
        (pem(generate_private_key(65537, 2048), b"secret"), "without a password"),
        (pem(Ed25519PrivateKey.generate()), "not RSA"),
        (pem(generate_private_key(65537, 1024)), "1024 bits; receivers want at least 2048"),  # noqa: S505 - to be refused
    ],
)
def test_a_key_that_receivers_would_not_take_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        read_key(text, domain="example.org", selector="s")

    assert "newsletter dkim new-key" in str(caught.value)


@pytest.mark.parametrize(("domain", "selector"), [("example.org", ""), ("exa mple.org", "s"), ("example.org;", "s")])
def test_domain_and_selector_have_to_be_names(domain: str, selector: str) -> None:
    with pytest.raises(ConfigurationError, match="is published"):
        read_key(make_key(), domain=domain, selector=selector)
