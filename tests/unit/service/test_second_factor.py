"""Keys of second factors are encrypted for one editor, under the secret of the configuration."""

from __future__ import annotations

import pytest

from newsletter.domain.second_factor import new_key
from newsletter.domain.token import KeyRing
from newsletter.service.second_factor import decrypt_key, encrypt_key

KEYS = KeyRing(b"a secret of the newsletter, long enough")
ROTATED = KeyRing(
    b"another secret that came afterwards", previous=(b"one between the two, of a year ago", KEYS.current)
)
ADA, BEN = 1, 2


def test_what_is_encrypted_is_decrypted_again() -> None:
    key = new_key()
    found = decrypt_key(encrypt_key(key, ADA, KEYS), ADA, KEYS)

    assert found
    assert (found.key, found.is_outdated) == (key, False)


def test_what_is_stored_shows_nothing_and_is_never_the_same() -> None:
    key = new_key()
    stored = {encrypt_key(key, ADA, KEYS) for _ in range(100)}

    assert len(stored) == 100
    assert len({each[:12] for each in stored}) == 100
    assert not [each for each in stored if key[:4] in each]


def test_a_key_is_of_no_use_to_another_editor() -> None:
    assert decrypt_key(encrypt_key(new_key(), ADA, KEYS), BEN, KEYS) is None


def test_a_key_is_of_no_use_without_its_secret() -> None:
    assert decrypt_key(encrypt_key(new_key(), ADA, KEYS), ADA, KeyRing(b"a secret of somebody else, also long")) is None


def test_an_earlier_secret_still_decrypts_and_what_it_encrypted_is_outdated() -> None:
    key = new_key()
    found = decrypt_key(encrypt_key(key, ADA, KEYS), ADA, ROTATED)

    assert found
    assert (found.key, found.is_outdated) == (key, True)


def test_a_key_in_plain_is_read_and_outdated() -> None:
    key = new_key()
    found = decrypt_key(key, ADA, KEYS)

    assert found
    assert (found.key, found.is_outdated) == (key, True)


def test_a_changed_bit_anywhere_is_noticed() -> None:
    sound = encrypt_key(new_key(), ADA, KEYS)
    changed = [
        sound[:place] + bytes([sound[place] ^ 1 << bit]) + sound[place + 1 :]
        for place in range(len(sound))
        for bit in range(8)
    ]

    assert [stored for stored in changed if decrypt_key(stored, ADA, KEYS)] == []


@pytest.mark.parametrize("length", [0, 1, 7, 12, 19, 21, 28, 47, 49, 1000])
def test_what_has_the_length_of_no_stored_key_is_none(length: int) -> None:
    assert decrypt_key(bytes(length), ADA, KEYS) is None
