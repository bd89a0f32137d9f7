"""A reader's own data: shown, taken away as a file, erased. The way there leads through the reader's mailbox.

A letter that was forwarded carries the links of its first reader, so these alone show nothing and erase nothing: they
only have a link of a day sent to the address itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.domain.notice import NoticeKind
from newsletter.domain.person import PersonalRecord
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import DataToken, KeyRing, Purpose
from newsletter.errors import NotFoundError, TooManyError
from newsletter.log import log
from newsletter.service.find_reader import SAMPLE, read_link
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.person_record import find_record
from newsletter.store.database import Database
from newsletter.store.notices import count_notices, queue_notice
from newsletter.store.subscribers import find_by_public_id

#: How long the link to one's data works.
WITHIN = timedelta(days=1)

_MOST_LETTERS = 3  # in a day

_NO_READER = "Nothing is stored under this link any more, and nothing is sent."


def send_data_link(token: str, *, database: Database, keys: KeyRing, now: datetime) -> Subscriber:
    """Send the link to a reader's data to the reader's own address; return the reader.

    Raises TooManyError where that was done three times within a day, NotFoundError for a token that is not ours or a
    person of whom nothing is stored any more. The reader of a test letter gets none.
    """
    reader = read_link(token, Purpose.PREFERENCES, keys=keys)
    if reader.public_id == SAMPLE.public_id:
        return SAMPLE
    with database.transaction() as transaction:
        subscriber = find_by_public_id(transaction, reader.public_id)
        if subscriber is None:
            raise NotFoundError(_NO_READER)
        if count_notices(transaction, subscriber.id, NoticeKind.DATA, since=now - WITHIN) >= _MOST_LETTERS:
            raise TooManyError("Several such letters have been sent today; please look among your spam.")
        details = {"requested_at": now.replace(microsecond=0).isoformat()}
        queue_notice(transaction, NoticeKind.DATA, subscriber.id, details=details, now=now)
    log.info("reader asks for own data", subscriber=subscriber.id)
    return subscriber


def find_own_record(
    token: str, *, database: Database, keys: KeyRing, address_key: bytes, now: datetime
) -> PersonalRecord:
    """Return all that is stored about the reader. Raises NotFoundError for a link that is not ours or too old."""
    return find_record(_find(token, database, keys, now).address, database=database, address_key=address_key)


def forget_by_link(token: str, *, database: Database, keys: KeyRing, address_key: bytes, now: datetime) -> None:
    """Erase the reader. Raises NotFoundError for a link that is not ours, too old, or used for it before."""
    subscriber = _find(token, database, keys, now)
    forget_subscriber(subscriber.address, database=database, address_key=address_key, now=now, actor="the reader")


def _find(token: str, database: Database, keys: KeyRing, now: datetime) -> Subscriber:
    asked = DataToken.verify(token, keys)
    if asked is None:
        raise NotFoundError("This link is not complete; please copy all of it from the letter, or use its button.")
    if now - asked.requested_at > WITHIN:
        raise NotFoundError("This link is older than a day; the page “What you receive” sends another one.")
    with database.snapshot() as snapshot:
        subscriber = find_by_public_id(snapshot, asked.public_id)
    if subscriber is None:
        raise NotFoundError(_NO_READER)
    return subscriber
