"""Sign letters (DKIM, RFC 6376): RSA-SHA256, relaxed/relaxed, each field named once more than it stands in the letter.

A mailing's letters differ in a few values only. So a form is canonicalized once, with its holes in place; what is left
for a letter is one hash of its bytes and one signature.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from textwrap import wrap

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from newsletter.domain.letter import Letter, unstuff
from newsletter.errors import ConfigurationError

_FEWEST_BITS = 2048  # RFC 8301 3.2 has verifiers take 1024; providers treat those as weak
# Not in our letters; naming them makes a copy with one of them added fail (RFC 6376 8.15).
_ABSENT = ("Cc", "Content-Transfer-Encoding")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_SPACES = re.compile(rb"[ \t]+")
_SPACES_AT_END = re.compile(rb" (?=\r\n)")
_HOLE = re.compile(rb"\0(\d+)\0")  # NUL stands in no letter
_WIDTH = 72
_PADDING, _HASH = PKCS1v15(), SHA256()

#: A letter's bytes as they go over the wire, and between them what is filled in for each reader.
Pieces = Sequence[bytes | Enum]


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """A private key, and where its public half is published."""

    domain: str
    selector: str
    key: RSAPrivateKey

    @property
    def record_name(self) -> str:
        """The name of the TXT record that receivers ask for."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def public_key(self) -> str:
        """The record's tag ``p``."""
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(public).decode("ascii")

    @property
    def record(self) -> str:
        """The text of that record."""
        return f"v=DKIM1; k=rsa; p={self.public_key}"


def read_key(pem: str, *, domain: str, selector: str) -> DkimKey:
    """Read a private key in PEM. Raises ConfigurationError for anything that receivers would not take."""
    for name, value in (("domain", domain), ("selector", selector)):
        if not _NAME.fullmatch(value.lower()):
            raise ConfigurationError(f"[dkim] {name} is {value!r}: write the {name} under which the key is published.")
    try:
        key = load_pem_private_key(pem.encode("utf-8"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            "[dkim] key_file holds no private key in PEM without a password: 'newsletter dkim new-key' makes one."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(
            "[dkim] key_file holds a key that is not RSA, which many receivers cannot check: "
            "'newsletter dkim new-key' makes one that they can."
        )
    if key.key_size < _FEWEST_BITS:
        raise ConfigurationError(
            f"[dkim] key_file holds an RSA key of {key.key_size} bits; receivers want at least {_FEWEST_BITS}: "
            "'newsletter dkim new-key' makes one."
        )
    return DkimKey(domain=domain.lower(), selector=selector.lower(), key=key)


def make_key() -> str:
    """Return a fresh private key in PEM."""
    key = generate_private_key(public_exponent=65537, key_size=_FEWEST_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


class DkimSigner:
    """Signs with one key."""

    def __init__(self, key: DkimKey, *, clock: Callable[[], datetime]) -> None:
        self._key = key
        self._clock = clock

    def prepare(self, pieces: Pieces) -> SignableForm:
        """Canonicalize a form of letters once, for many signatures."""
        return SignableForm(pieces, key=self._key, clock=self._clock)

    def sign(self, letter: Letter) -> Letter:
        """Sign one letter that was made by itself."""
        return letter._replace(pieces=(self.prepare(letter.pieces).make_field({}), *letter.pieces))


class SignableForm:
    """A form of letters, canonicalized (RFC 6376 3.4.2, 3.4.4), with its holes in place."""

    def __init__(self, pieces: Pieces, *, key: DkimKey, clock: Callable[[], datetime]) -> None:
        self._key = key.key
        self._clock = clock
        holes = [piece for piece in pieces if not isinstance(piece, bytes)]
        numbers = iter(range(len(holes)))
        marked = b"".join(piece if isinstance(piece, bytes) else b"\0%d\0" % next(numbers) for piece in pieces)
        header, _, body = unstuff(marked).partition(b"\r\n\r\n")
        fields = _split_fields(header)
        self._header = _cut_at_holes(b"".join(relax_field(*field) + b"\r\n" for field in fields), holes)
        first, *self._rest = _cut_at_holes(relax_body(body), holes)
        # What stands before the first hole is the same in every letter, so it is hashed once.
        self._begun = hashlib.sha256(first if isinstance(first, bytes) else b"")
        self._field = _write_field(key, [name for name, _ in fields])
        self._relaxed_field = relax_field(*_split_fields(self._field)[0])

    def make_field(self, values: Mapping[Enum, bytes]) -> bytes:
        """Return the DKIM-Signature field of the letter with these values, with its line end, to stand before it.

        A value must be canonical already: not empty, without line ends or two spaces in a row.
        """
        body = self._begun.copy()
        for piece in self._rest:
            body.update(piece if isinstance(piece, bytes) else values[piece])
        filled = (b"%d" % self._clock().timestamp(), b64encode(body.digest()))
        header = b"".join([piece if isinstance(piece, bytes) else values[piece] for piece in self._header])
        signature = b64encode(self._key.sign(header + self._relaxed_field % filled, _PADDING, _HASH))
        lines = [signature[start : start + _WIDTH] for start in range(0, len(signature), _WIDTH)]
        return self._field % filled + b"\r\n ".join(lines) + b"\r\n"


def relax_field(name: str, value: bytes) -> bytes:
    """Canonicalize a header field, without its line end (RFC 6376 3.4.2)."""
    return name.strip().lower().encode("ascii") + b":" + _SPACES.sub(b" ", _FOLD.sub(b"", value)).strip()


def relax_body(body: bytes) -> bytes:
    """Canonicalize a body whose lines end in CRLF (RFC 6376 3.4.4)."""
    relaxed = _SPACES_AT_END.sub(b"", _SPACES.sub(b" ", body + b"\r\n")).rstrip(b"\r\n")
    return relaxed + b"\r\n" if relaxed else b""


def _split_fields(header: bytes) -> list[tuple[str, bytes]]:
    cut = [field.partition(b":") for field in _FIELD_END.split(header)]
    return [(name.decode("ascii"), value) for name, _, value in cut]


def _cut_at_holes(marked: bytes, holes: Sequence[Enum]) -> list[bytes | Enum]:
    if not holes:
        return [marked]
    # The pattern's group makes bytes and a hole's number take turns.
    return [holes[int(cut)] if index % 2 else cut for index, cut in enumerate(_HOLE.split(marked))]


def _write_field(key: DkimKey, names: Sequence[str]) -> bytes:
    """Return the field up to its signature; ``%`` fills in the time and the body's hash."""
    # A field named once more than it stands there cannot be added without breaking the signature (RFC 6376 5.4.2).
    named = [*(name for name in names for _ in range(2)), *_ABSENT]
    folded = "\r\n ".join(line.replace(": ", ":") for line in wrap(": ".join(named), _WIDTH, break_on_hyphens=False))
    tags = f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={key.domain}; s={key.selector}; t=%b"
    return f"DKIM-Signature: {tags};\r\n h={folded};\r\n bh=%b;\r\n b=".encode("ascii")
