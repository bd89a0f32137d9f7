"""Who a link is for."""

from __future__ import annotations

from datetime import UTC, datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import SAMPLE_READER, KeyRing, Purpose, ReaderToken
from newsletter.errors import NotFoundError
from newsletter.store.database import Database
from newsletter.store.subscribers import find_by_public_id

#: Whom the links of test letters are for. Nothing about this reader is stored, so nothing can change.
SAMPLE = Subscriber(
    id=0,
    public_id=SAMPLE_READER,
    address=EmailAddress("reader@example.org"),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def read_link(token: str, purpose: Purpose, *, keys: KeyRing) -> ReaderToken:
    """Return what a link's token says. Raises NotFoundError for one that is cut off, forged or for something else."""
    reader = ReaderToken.verify(token, purpose, keys)
    if reader is None:
        raise NotFoundError("This link is not complete; please copy all of it from the letter, or use its button.")
    return reader


def find_reader(token: str, purpose: Purpose, *, database: Database, keys: KeyRing) -> Subscriber | None:
    """Return the subscriber whom a link is for, None if nothing is stored about that person any more.

    The link of a test letter is for ``SAMPLE``.

    Raises NotFoundError for a token that is not ours, or for another purpose.
    """
    reader = read_link(token, purpose, keys=keys)
    if reader.public_id == SAMPLE_READER:
        return SAMPLE
    with database.snapshot() as snapshot:
        return find_by_public_id(snapshot, reader.public_id)
