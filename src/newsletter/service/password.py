"""Passwords: kept as argon2id hashes (RFC 9106), and checked in the same time whether or not there is an account."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from newsletter.errors import InputError

#: Length counts, not kinds of characters (NIST SP 800-63B 5.1.1).
SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 1000  # nobody hashes a book

# 19 MiB a try, twice over: enough to make guessing dear, and so little that tries cannot use up a small server.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str, *, about: tuple[str, ...] = ()) -> str:
    """Return what is stored. Raises InputError for a password that is easily guessed; ``about`` is its owner."""
    if len(password) < SHORTEST_PASSWORD:
        raise InputError(
            f"The password has {len(password)} characters; take {SHORTEST_PASSWORD} or more, such as four odd words."
        )
    if len(password) > _LONGEST_PASSWORD:
        raise InputError(f"The password is longer than {_LONGEST_PASSWORD} characters; take a shorter one.")
    plain = password.casefold()
    if len(set(plain)) < SHORTEST_PASSWORD // 3 or any(len(word) > 3 and word.casefold() == plain for word in about):  # noqa: PLR2004
        raise InputError("The password is easily guessed; take one such as four odd words.")
    return _HASHER.hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Compare a password with what is stored; None, where nobody has one, costs the same time and is never right."""
    try:
        _HASHER.verify(stored or _nobodys(), password[:_LONGEST_PASSWORD])
    except VerificationError:
        return False
    return stored is not None


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
