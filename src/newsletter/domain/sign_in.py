"""Sign-ins at the desk: how long one lasts, what stands for it, and how many tries there are."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as EncodingError
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.domain.editor import Editor
from newsletter.domain.token import KeyRing, Purpose

#: Without a request for so long, a sign-in is over.
IDLE = timedelta(hours=12)
#: However busy, it is over after this.
LONGEST = timedelta(days=14)
#: How exactly the last request is known; so seldom is it written down.
SEEN_EVERY = timedelta(minutes=5)

#: The time over which tries are counted, and how many of them may fail.
TRIES_OVER = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 10
TRIES_PER_NETWORK = 40

_TOKEN_BYTES = 32
_MAC_BYTES = 16
_BOUND_BYTES = 16
_LONGEST_SENTENCE = 1000  # a cookie has room for 4 kB


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One browser in which an editor is signed in."""

    id: int
    editor: Editor
    begun_at: datetime
    #: the last request, to five minutes
    seen_at: datetime
    #: what the browser calls itself
    agent: str

    def is_over(self, now: datetime) -> bool:
        return now - self.seen_at > IDLE or now - self.begun_at > LONGEST


def new_token() -> str:
    """Return the value of a cookie that nobody can guess: 256 bits."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """Return what is stored of a token: who reads the database can sign in with none of them."""
    return hashlib.sha256(token.encode()).digest()


def sign_form(token: str, keys: KeyRing) -> str:
    """Return the hidden value by which a form shows that we gave it to the browser that has this cookie."""
    return _encode(keys.sign(Purpose.DESK_FORM, _bound_to(token), mac_bytes=_MAC_BYTES))


def is_form_of(text: str, token: str, keys: KeyRing) -> bool:
    """Tell whether a form was given to the browser that has this cookie."""
    signed = _decode(text)
    body = keys.verify(Purpose.DESK_FORM, signed, mac_bytes=_MAC_BYTES) if signed else None
    return body is not None and body == _bound_to(token)


def sign_sentence(sentence: str, token: str, keys: KeyRing) -> str:
    """Return a sentence for the next page, which only this browser's pages show."""
    body = _bound_to(token) + sentence[:_LONGEST_SENTENCE].encode()
    return _encode(keys.sign(Purpose.DESK_SENTENCE, body, mac_bytes=_MAC_BYTES))


def read_sentence(text: str, token: str, keys: KeyRing) -> str:
    """Return the sentence; "" for one that we did not write, or not for this browser."""
    signed = _decode(text)
    body = keys.verify(Purpose.DESK_SENTENCE, signed, mac_bytes=_MAC_BYTES) if signed else None
    if body is None or body[:_BOUND_BYTES] != _bound_to(token):
        return ""
    return body[_BOUND_BYTES:].decode(errors="replace")


def _bound_to(token: str) -> bytes:
    return hashlib.sha256(b"desk\0" + token.encode()).digest()[:_BOUND_BYTES]


def _encode(signed: bytes) -> str:
    return urlsafe_b64encode(signed).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes | None:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (EncodingError, ValueError):
        return None
