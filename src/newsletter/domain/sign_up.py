"""Sign-ups: who asks, from where, and how many are let in.

Anybody can type anybody's address into a form. So a sign-up alone makes nobody a subscriber, it writes to an address
once a day at most, and it is limited for each network and in all: a list of strangers' addresses, typed in by a
program ("subscription bombing"), reaches few of them.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from newsletter.domain.address import EmailAddress
from newsletter.domain.token import KeyRing, Purpose, sign_moment, verify_moment
from newsletter.domain.topic import Topic

#: How long it takes before the same address is written to again.
ONCE_IN = timedelta(days=1)
#: The time over which requests are counted.
COUNTED_OVER = timedelta(hours=1)
#: How long a confirmation link works.
CONFIRM_WITHIN = timedelta(days=14)

_IPV4_PREFIX = 24  # what one customer or office has, and what one attacker can easily rent
_IPV6_PREFIX = 48
_SOONEST = timedelta(seconds=3)  # nobody types an address faster
_LATEST = timedelta(days=1)
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """A request to receive the newsletter, as the reader made it."""

    address: EmailAddress
    name: str = ""
    topics: Topic
    #: BCP 47; "" for the site's own
    language: str = ""
    #: where it was made, and the words that were consented to, for the consent log
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpLimits:
    """How many requests are let in an hour."""

    #: from the addresses of one network
    per_network: int = 20
    #: from everybody; beyond it nobody is let in until the hour has moved on
    in_all: int = 300


def hash_network(host: str, key: bytes) -> bytes:
    """Return what stands for the network that a request came from: a keyed hash, for no address is kept.

    ``host`` is the client's address; what is none, such as the name of a socket, is a network of its own.
    """
    try:
        address = ip_address(host)
    except ValueError:
        network = host
    else:
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        prefix = _IPV6_PREFIX if isinstance(address, IPv6Address) else _IPV4_PREFIX
        network = str(ip_network((address, prefix), strict=False))
    return hmac.digest(key, b"network\0" + network.encode("utf-8"), "sha256")[:16]


def stamp_form(now: datetime, keys: KeyRing) -> str:
    """Return the hidden value by which a form shows when it was given out."""
    return sign_moment(now, Purpose.SIGN_UP_FORM, keys)


def is_filled_by_hand(stamp: str, now: datetime, keys: KeyRing) -> bool:
    """Tell whether a form was given out by us, and long enough ago for a person to have filled it."""
    shown_at = verify_moment(stamp, Purpose.SIGN_UP_FORM, keys)
    return shown_at is not None and _SOONEST <= now - shown_at <= _LATEST


def clean_name(text: str) -> str:
    """Return a name on one line, without control characters, and not longer than names are."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:_LONGEST_NAME]
