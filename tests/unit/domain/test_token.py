"""Signed tokens."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.mailing import DeliveryId
from newsletter.domain.token import KeyRing, Purpose, ReaderToken, hash_address, sign_delivery, verify_delivery

KEYS = KeyRing(b"a secret of the newsletter, long enough")
PUBLIC_ID = b"\x00\x01reader"


def test_a_link_names_its_reader_and_the_mailing_that_carried_it() -> None:
    token = ReaderToken(PUBLIC_ID, mailing=42)

    assert ReaderToken.verify(token.sign(Purpose.UNSUBSCRIBE, KEYS), Purpose.UNSUBSCRIBE, KEYS) == token


def test_a_link_of_one_purpose_is_refused_for_every_other() -> None:
    text = ReaderToken(PUBLIC_ID).sign(Purpose.PREFERENCES, KEYS)

    assert ReaderToken.verify(text, Purpose.UNSUBSCRIBE, KEYS) is None


def test_a_link_is_short_and_safe_in_an_address() -> None:
    text = ReaderToken(PUBLIC_ID, mailing=2**32 - 1).sign(Purpose.UNSUBSCRIBE, KEYS)

    assert len(text) == 39
    assert text.replace("-", "").replace("_", "").isalnum()


def test_a_link_signed_with_a_former_key_still_works() -> None:
    text = ReaderToken(PUBLIC_ID).sign(Purpose.UNSUBSCRIBE, KEYS)
    rotated = KeyRing(b"another secret that came afterwards", previous=(KEYS.current,))

    assert ReaderToken.verify(text, Purpose.UNSUBSCRIBE, rotated) == ReaderToken(PUBLIC_ID)
    assert ReaderToken.verify(text, Purpose.UNSUBSCRIBE, KeyRing(rotated.current)) is None


@given(st.text(max_size=60))
def test_no_text_that_we_did_not_sign_is_a_link(text: str) -> None:
    assert ReaderToken.verify(text, Purpose.UNSUBSCRIBE, KEYS) is None


@given(position=st.integers(min_value=0, max_value=38), letter=st.sampled_from("ABCabc019-_"))
def test_a_link_with_one_letter_changed_is_refused(position: int, letter: str) -> None:
    text = ReaderToken(PUBLIC_ID, mailing=7).sign(Purpose.UNSUBSCRIBE, KEYS)
    forged = text[:position] + letter + text[position + 1 :]

    # The last letter carries bits that decode to nothing; even what decodes alike is refused.
    assert ReaderToken.verify(forged, Purpose.UNSUBSCRIBE, KEYS) == (
        ReaderToken(PUBLIC_ID, 7) if forged == text else None
    )


def test_an_envelope_sender_names_its_delivery_whatever_case_it_comes_back_in() -> None:
    token = sign_delivery(DeliveryId(3, 1_000_000), KEYS)

    assert token == token.lower()
    assert len(f"bounces+{token}") <= 64
    assert verify_delivery(token, KEYS) == DeliveryId(3, 1_000_000)
    assert verify_delivery(token.upper(), KEYS) == DeliveryId(3, 1_000_000)


@pytest.mark.parametrize("text", ["", "a", "not base32!", "abcdefghijklmnopqrstuvwxyz23456", "é" * 31])
def test_a_forged_envelope_sender_names_nothing(text: str) -> None:
    assert verify_delivery(text, KEYS) is None


@given(secret=st.binary(min_size=1, max_size=200), body=st.binary(max_size=100))
def test_the_mac_is_that_of_the_standard(secret: bytes, body: bytes) -> None:
    signed = KeyRing(secret).sign(Purpose.DELIVERY, body, mac_bytes=32)

    assert signed[1:] == body + hmac.digest(secret, b"delivery\0" + body, "sha256")


def test_a_link_never_passes_for_an_envelope_sender() -> None:
    body = DeliveryId(1, 1)
    token = KEYS.sign(Purpose.UNSUBSCRIBE, bytes(8), mac_bytes=10)

    assert verify_delivery(token.hex(), KEYS) is None
    assert verify_delivery(sign_delivery(body, KeyRing(b"somebody else's secret, also long")), KEYS) is None


def test_an_address_hash_depends_on_address_and_key() -> None:
    assert hash_address("a@example.org", b"key") == hash_address("a@example.org", b"key")
    assert hash_address("a@example.org", b"key") != hash_address("b@example.org", b"key")
    assert hash_address("a@example.org", b"key") != hash_address("a@example.org", b"another")
