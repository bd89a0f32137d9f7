"""Let in what strangers ask of the site, as long as a network, and all together, ask no more than people do."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.sign_up import COUNTED_OVER, SignUpLimits, hash_network
from newsletter.errors import TooManyError
from newsletter.log import log
from newsletter.store import sign_ups
from newsletter.store.database import Transaction


def admit_request(
    transaction: Transaction, client: str, *, limits: SignUpLimits, address_key: bytes, now: datetime
) -> None:
    """Count a request from the network address ``client``; raise TooManyError where too many came within the hour."""
    network, since = hash_network(client, address_key), now - COUNTED_OVER
    if sign_ups.count_requests(transaction, since=since, network=network) >= limits.per_network:
        log.warning("sign-ups of a network limited", limit=limits.per_network)
        raise TooManyError("Many requests have come from your network; please try again in an hour.")
    if sign_ups.count_requests(transaction, since=since) >= limits.in_all:
        log.warning("sign-ups halted", limit=limits.in_all)
        raise TooManyError("Very many people are signing up at the moment; please try again in an hour.")
    sign_ups.add_request(transaction, network, now=now)
