"""The second factor: codes that an app makes of a key and the time (TOTP, RFC 6238), and what stands in for it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32encode
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
KEY_BYTES = 20  # as long as the SHA-1 that all apps know (RFC 4226 4)
_DIGITS = 6
_CODE_BYTES = 10
_CODES = 10
_GROUP = 4


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def make_code(key: bytes, step: int) -> str:
    """Return the code of a step: the number of half minutes since 1970 (RFC 4226 5.3)."""
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def find_step(code: str, key: bytes, now: datetime) -> int | None:
    """Return the step that a code is of: this one, or for clocks that differ the one before or after; None else."""
    typed = "".join(code.split()).encode()
    present = int(now.timestamp()) // STEP_SECONDS
    steps = (present, present - 1, present + 1)
    return next((step for step in steps if hmac.compare_digest(make_code(key, step).encode(), typed)), None)


def write_uri(key: bytes, *, site: str, account: str) -> str:
    """Return what an app reads from the picture: an otpauth address."""
    query = urlencode({"secret": write_key(key), "issuer": site, "digits": _DIGITS, "period": STEP_SECONDS})
    return f"otpauth://totp/{quote(f'{site}:{account}')}?{query.replace('+', '%20')}"


def write_key(key: bytes) -> str:
    """Write a key as apps take it by hand: base32."""
    return b32encode(key).decode("ascii")


def new_recovery_codes() -> tuple[str, ...]:
    """Return ten codes of 80 bits each, in groups that can be copied from paper."""
    return tuple(_group(b32encode(secrets.token_bytes(_CODE_BYTES)).decode("ascii").lower()) for _ in range(_CODES))


def hash_recovery_code(code: str) -> bytes:
    """Return what is stored of a recovery code, however it was typed."""
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(b"recovery code\0" + plain.encode()).digest()


def _group(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))
