"""Signed tokens: what a link or an envelope sender carries in place of an address.

A token is ``key id (1 byte) · body · MAC``. The purpose is part of what is signed and not of what is sent, so a token
works only where it was meant to: a preferences link never unsubscribes, and no link passes for a bounce.

Links use base64url and a MAC of 128 bits. The envelope sender uses base32 and 80 bits: it has to survive being
upper-cased, lower-cased and wrapped by forwarders (SRS), and to fit the 64 octets of a local part (RFC 5321 4.5.3.1.1).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as EncodingError
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache

from newsletter.domain.mailing import DeliveryId

#: Public id of nobody: who follows the links of a sample letter sees the real pages, and changes nobody.
SAMPLE_READER = bytes(8)

_LINK_MAC_BYTES = 16
_ENVELOPE_MAC_BYTES = 10
_PUBLIC_ID_BYTES = 8
_MAILING_BYTES = 4
_POSITION_BYTES = 4
_EDITOR_BYTES = 4
_CHANGE_BYTES = 4
_MOMENT_BYTES = 5  # seconds since 1970
_BLOCK_BYTES = 64  # of SHA-256


class Purpose(StrEnum):
    """What a token is for; a token of one purpose is refused for every other."""

    #: leave, from a letter's footer or a one-click POST (RFC 8058); never expires
    UNSUBSCRIBE = "unsubscribe"
    #: see and change one's own choices
    PREFERENCES = "preferences"
    #: confirm a sign-up; works once, and not for ever
    CONFIRM = "confirm"
    #: confirm a change of address, from the new mailbox
    CHANGE_ADDRESS = "change address"
    #: refuse or undo it, from the old mailbox
    KEEP_ADDRESS = "keep address"
    #: see, download and erase all that is stored about oneself; for a day
    DATA = "data"
    #: tell when a sign-up form was shown
    SIGN_UP_FORM = "sign-up form"
    #: take an unsubscribe back, from the goodbye notice
    RETURN = "return"
    #: name the delivery in the envelope sender (VERP) and in the Message-ID
    DELIVERY = "delivery"
    #: choose a password at the desk; works once, and not for ever
    INVITATION = "invitation"
    #: show that the password was right, while the second factor is asked for
    PASSWORD_SHOWN = "password shown"  # noqa: S105 - a purpose, no password
    #: show that a form of the desk was given to the browser that sends it
    DESK_FORM = "desk form"
    #: carry a sentence from an act at the desk to the page after it
    DESK_SENTENCE = "desk sentence"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The secret that signs, and the earlier ones that still verify."""

    current: bytes
    previous: tuple[bytes, ...] = ()

    def sign(self, purpose: Purpose, body: bytes, *, mac_bytes: int) -> bytes:
        return _key_id(self.current) + body + _mac(self.current, purpose, body, mac_bytes)

    def verify(self, purpose: Purpose, token: bytes, *, mac_bytes: int) -> bytes | None:
        """Return the signed body, or None for a token that none of our keys made for this purpose."""
        key_id, body, mac = token[:1], token[1:-mac_bytes], token[-mac_bytes:]
        for secret in (self.current, *self.previous):
            if _key_id(secret) == key_id and hmac.compare_digest(_mac(secret, purpose, body, mac_bytes), mac):
                return body
        return None


@dataclass(frozen=True, slots=True)
class ReaderToken:
    """Who a link is for, and the mailing that carried it (0: none)."""

    #: the subscriber's random public id, 8 bytes
    public_id: bytes
    mailing: int = 0

    def sign(self, purpose: Purpose, keys: KeyRing) -> str:
        return _sign_link(self.public_id + self.mailing.to_bytes(_MAILING_BYTES, "big"), purpose, keys)

    @classmethod
    def verify(cls, text: str, purpose: Purpose, keys: KeyRing) -> ReaderToken | None:
        """Return the token, or None if it is not ours or not for this purpose."""
        body = _verify_link(text, purpose, keys, body_bytes=_PUBLIC_ID_BYTES + _MAILING_BYTES)
        if body is None:
            return None
        return cls(body[:_PUBLIC_ID_BYTES], int.from_bytes(body[_PUBLIC_ID_BYTES:], "big"))


@dataclass(frozen=True, slots=True)
class ConfirmToken:
    """A sign-up to be confirmed: whose, and which of several."""

    #: the subscriber's random public id, 8 bytes
    public_id: bytes
    #: when it was asked for; whole seconds
    requested_at: datetime

    def sign(self, keys: KeyRing) -> str:
        return _sign_link(self.public_id + _dump_moment(self.requested_at), Purpose.CONFIRM, keys)

    @classmethod
    def verify(cls, text: str, keys: KeyRing) -> ConfirmToken | None:
        """Return the token, or None if it is not ours."""
        body = _verify_link(text, Purpose.CONFIRM, keys, body_bytes=_PUBLIC_ID_BYTES + _MOMENT_BYTES)
        return None if body is None else cls(body[:_PUBLIC_ID_BYTES], _load_moment(body[_PUBLIC_ID_BYTES:]))


@dataclass(frozen=True, slots=True)
class DataToken:
    """The way to all that is stored about a reader, and when it was asked for."""

    #: the subscriber's random public id, 8 bytes
    public_id: bytes
    #: whole seconds
    requested_at: datetime

    def sign(self, keys: KeyRing) -> str:
        return _sign_link(self.public_id + _dump_moment(self.requested_at), Purpose.DATA, keys)

    @classmethod
    def verify(cls, text: str, keys: KeyRing) -> DataToken | None:
        """Return the token, or None if it is not ours."""
        body = _verify_link(text, Purpose.DATA, keys, body_bytes=_PUBLIC_ID_BYTES + _MOMENT_BYTES)
        return None if body is None else cls(body[:_PUBLIC_ID_BYTES], _load_moment(body[_PUBLIC_ID_BYTES:]))


@dataclass(frozen=True, slots=True)
class EditorToken:
    """An editor, and the moment that a token of theirs is about: of the invitation, or of the right password."""

    editor: int
    #: whole seconds
    at: datetime

    def sign(self, purpose: Purpose, keys: KeyRing) -> str:
        return _sign_link(self.editor.to_bytes(_EDITOR_BYTES, "big") + _dump_moment(self.at), purpose, keys)

    @classmethod
    def verify(cls, text: str, purpose: Purpose, keys: KeyRing) -> EditorToken | None:
        """Return the token, or None if it is not ours or not for this purpose."""
        body = _verify_link(text, purpose, keys, body_bytes=_EDITOR_BYTES + _MOMENT_BYTES)
        if body is None:
            return None
        return cls(int.from_bytes(body[:_EDITOR_BYTES], "big"), _load_moment(body[_EDITOR_BYTES:]))


@dataclass(frozen=True, slots=True)
class ChangeToken:
    """One change of a reader's address."""

    #: the subscriber's random public id, 8 bytes
    public_id: bytes
    change: int

    def sign(self, purpose: Purpose, keys: KeyRing) -> str:
        return _sign_link(self.public_id + self.change.to_bytes(_CHANGE_BYTES, "big"), purpose, keys)

    @classmethod
    def verify(cls, text: str, purpose: Purpose, keys: KeyRing) -> ChangeToken | None:
        """Return the token, or None if it is not ours or not for this purpose."""
        body = _verify_link(text, purpose, keys, body_bytes=_PUBLIC_ID_BYTES + _CHANGE_BYTES)
        if body is None:
            return None
        return cls(body[:_PUBLIC_ID_BYTES], int.from_bytes(body[_PUBLIC_ID_BYTES:], "big"))


def sign_moment(moment: datetime, purpose: Purpose, keys: KeyRing) -> str:
    """Return a moment, to the second, that only we can have written."""
    return _sign_link(_dump_moment(moment), purpose, keys)


def verify_moment(text: str, purpose: Purpose, keys: KeyRing) -> datetime | None:
    """Return the moment, or None if it is not ours or not for this purpose."""
    body = _verify_link(text, purpose, keys, body_bytes=_MOMENT_BYTES)
    return None if body is None else _load_moment(body)


def sign_delivery(delivery: DeliveryId, keys: KeyRing) -> str:
    """Return the delivery's name in its envelope sender and Message-ID: 31 lower-case base32 letters."""
    body = delivery.mailing.to_bytes(_MAILING_BYTES, "big") + delivery.position.to_bytes(_POSITION_BYTES, "big")
    token = keys.sign(Purpose.DELIVERY, body, mac_bytes=_ENVELOPE_MAC_BYTES)
    return b32encode(token).decode("ascii").rstrip("=").lower()


def verify_delivery(text: str, keys: KeyRing) -> DeliveryId | None:
    """Return the delivery that ``text`` names, in whatever case it came back, or None if we never signed it."""
    try:
        token = b32decode(text.upper() + "=" * (-len(text) % 8))
    except (EncodingError, ValueError):
        return None
    body = keys.verify(Purpose.DELIVERY, token, mac_bytes=_ENVELOPE_MAC_BYTES)
    if body is None or len(body) != _MAILING_BYTES + _POSITION_BYTES:
        return None
    return DeliveryId(int.from_bytes(body[:_MAILING_BYTES], "big"), int.from_bytes(body[_MAILING_BYTES:], "big"))


def hash_address(normalized: str, key: bytes) -> bytes:
    """Return the 32 bytes by which a suppression outlives the address it is about: an HMAC-SHA256."""
    return _end_mac(_begin_hashes(key), normalized.encode("utf-8"))


def _sign_link(body: bytes, purpose: Purpose, keys: KeyRing) -> str:
    return _encode_link(keys.sign(purpose, body, mac_bytes=_LINK_MAC_BYTES))


def _encode_link(token: bytes) -> str:
    return urlsafe_b64encode(token).decode("ascii").rstrip("=")


def _verify_link(text: str, purpose: Purpose, keys: KeyRing, *, body_bytes: int) -> bytes | None:
    try:
        token = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (EncodingError, ValueError):
        return None
    # Python's decoder passes over what is no base64url, and the last letter has bits to spare: one token, one spelling.
    if _encode_link(token) != text:
        return None
    body = keys.verify(purpose, token, mac_bytes=_LINK_MAC_BYTES)
    return body if body is not None and len(body) == body_bytes else None


def _dump_moment(moment: datetime) -> bytes:
    return int(moment.timestamp()).to_bytes(_MOMENT_BYTES, "big")


def _load_moment(body: bytes) -> datetime:
    return datetime.fromtimestamp(int.from_bytes(body, "big"), UTC)


def _mac(secret: bytes, purpose: Purpose, body: bytes, length: int) -> bytes:
    """Return the first bytes of the HMAC-SHA256 of purpose, a zero byte, and body."""
    return _end_mac(_begin_mac(secret, purpose), body)[:length]


@cache
def _begin_mac(secret: bytes, purpose: Purpose) -> tuple[hashlib._Hash, hashlib._Hash]:
    inner, outer = _begin_hashes(secret)
    inner = inner.copy()
    inner.update(purpose.value.encode("ascii") + b"\0")
    return inner, outer


@cache
def _begin_hashes(secret: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """Return the two hashes of a MAC (RFC 2104) that have read the key."""
    key = secret if len(secret) <= _BLOCK_BYTES else hashlib.sha256(secret).digest()
    key = key.ljust(_BLOCK_BYTES, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in key)), hashlib.sha256(bytes(byte ^ 0x5C for byte in key))


def _end_mac(begun: tuple[hashlib._Hash, hashlib._Hash], rest: bytes) -> bytes:
    # Copies take a third of the time of hmac.digest; a letter has three MACs, and a list one for each line.
    inner, outer = begun[0].copy(), begun[1].copy()
    inner.update(rest)
    outer.update(inner.digest())
    return outer.digest()


@cache
def _key_id(secret: bytes) -> bytes:
    # A fingerprint needs no numbering in the configuration; a chance collision only costs one more MAC.
    return hashlib.sha256(b"newsletter key id\0" + secret).digest()[:1]
