"""Send a test letter: an issue as a reader would get it, to any address and at once, before or after its approval.

It takes the way of every letter, byte for byte, but for its subject and its reader: nobody's links are in it, and it is
named under a mailing that there is none of, so that no report about it, and no click in it, changes anybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import RenderedIssue
from newsletter.domain.letter import Letter, Recipient
from newsletter.domain.mailing import TEST_MAILING, DeliveryId
from newsletter.domain.reply import Outcome
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import SAMPLE_READER
from newsletter.errors import InputError, NotFoundError, RefusedError
from newsletter.mail.message import Splicer
from newsletter.service.find_reader import SAMPLE
from newsletter.service.ports import Connect
from newsletter.store.audit import record_act
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber

MARK = "[TEST]"

#: More would be a mailing, without a ledger.
MOST_ADDRESSES = 20


def find_model(address: EmailAddress | None, *, database: Database) -> Subscriber:
    """Return the subscriber whose choices a test follows; without an address the sample reader, who chose everything.

    Raises NotFoundError for an address that is not stored.
    """
    if address is None:
        return SAMPLE
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, address)
    if subscriber is None:
        raise NotFoundError(f"{address} is not among the subscribers: leave --as out, or name one of them.")
    return subscriber


def write_tests(
    rendered: RenderedIssue,
    addresses: Sequence[EmailAddress],
    *,
    model: Subscriber,
    make_splicer: Callable[[RenderedIssue], Splicer],
) -> list[Letter]:
    """Make for each address the letter that ``model`` would get, less the personal links, and marked in its subject.

    Raises RefusedError where such a reader gets no letter, and InputError for more addresses than a trial needs.
    """
    if len(addresses) > MOST_ADDRESSES:
        raise InputError(f"A test goes to {MOST_ADDRESSES} addresses at most; 'newsletter issue send' is for more.")
    if not model.topics & max(rendered.variants):
        raise RefusedError(
            f"Issue {rendered.number} has nothing for readers of {model.topics.label}: they get no letter."
        )
    splicer = make_splicer(replace(rendered, subject=f"{MARK} {rendered.subject}"))
    return [
        splicer.splice(
            Recipient(
                delivery=DeliveryId(TEST_MAILING, secrets.randbits(31)),
                address=address,
                public_id=SAMPLE_READER,
                topics=model.topics,
                is_text_only=model.is_text_only,
            )
        )
        for address in addresses
    ]


async def send_tests(
    number: int,
    letters: Sequence[Letter],
    *,
    connect: Connect,
    database: Database,
    now: datetime,
    by: str | None = None,
) -> list[Outcome]:
    """Hand each letter to the relay, over a session of its own, and note the act, by whom. Raises RelayError."""
    outcomes = [await _send(letter, connect) for letter in letters]
    with database.transaction() as transaction:
        detail = {"letters": len(letters)}
        record_act(transaction, "test sent", subject=f"issue {number}", detail=detail, now=now, actor=by)
    return outcomes


async def _send(letter: Letter, connect: Connect) -> Outcome:
    session = await connect()
    try:
        return await session.stage(letter) or await session.release(None)
    finally:
        await session.close()
