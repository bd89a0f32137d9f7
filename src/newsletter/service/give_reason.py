"""Say why one has left, by the link that one left by."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.leaving import LeavingReason
from newsletter.domain.token import KeyRing, Purpose
from newsletter.service.find_reader import read_link
from newsletter.store.database import Database
from newsletter.store.leaving_reasons import add_reason, take_say


def give_reason(token: str, *, cause: str, words: str, database: Database, keys: KeyRing, now: datetime) -> None:
    """Store a reason once for each time that a reader leaves, apart from everything that names the reader.

    Raises InputError for a form that says nothing, NotFoundError for a token that is not ours. What somebody says who
    has not left, or has said it already, is not kept.
    """
    reader = read_link(token, Purpose.UNSUBSCRIBE, keys=keys)
    reason = LeavingReason.read(cause, words, today=now.date())
    with database.transaction() as transaction:
        if take_say(transaction, reader.public_id):
            add_reason(transaction, reason)
