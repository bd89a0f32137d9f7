"""Change what a reader receives, by the link of a letter."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.choice import Choices
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import KeyRing, Purpose
from newsletter.errors import NotFoundError
from newsletter.service.find_reader import SAMPLE, read_link
from newsletter.store.database import Database
from newsletter.store.subscribers import find_by_public_id, set_choices


def save_choices(token: str, choices: Choices, *, database: Database, keys: KeyRing, now: datetime) -> Subscriber:
    """Store what a reader chose; return the reader as they were before.

    The choice of a test letter's reader is not kept. Raises InputError for a choice that cannot be kept, and
    NotFoundError for a token that is not ours or a person of whom nothing is stored any more.
    """
    reader = read_link(token, Purpose.PREFERENCES, keys=keys)
    choices.check(today=now.date())
    if reader.public_id == SAMPLE.public_id:
        return SAMPLE
    with database.transaction() as transaction:
        subscriber = find_by_public_id(transaction, reader.public_id)
        if subscriber is None:
            raise NotFoundError("Nothing is stored under this link any more; please subscribe again.")
        set_choices(transaction, subscriber.id, choices)
    return subscriber
