"""Change what a reader receives, by the link of a letter."""

from __future__ import annotations

from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import KeyRing, Purpose
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NotFoundError
from newsletter.service.find_reader import SAMPLE, read_link
from newsletter.store.database import Database
from newsletter.store.subscribers import find_by_public_id, set_choice


def choose_topics(token: str, topics: Topic, *, is_text_only: bool, database: Database, keys: KeyRing) -> Subscriber:
    """Store which topics a reader wants, and whether as text alone; return the reader.

    The choice of a test letter's reader is not kept. Raises InputError for no topic at all, which would be an
    unsubscribe in disguise, and NotFoundError for a token that is not ours or a person of whom nothing is stored any
    more.
    """
    reader = read_link(token, Purpose.PREFERENCES, keys=keys)
    if not topics:
        raise InputError("Please choose at least one, or unsubscribe below.")
    if reader.public_id == SAMPLE.public_id:
        return SAMPLE
    with database.transaction() as transaction:
        subscriber = find_by_public_id(transaction, reader.public_id)
        if subscriber is None:
            raise NotFoundError("Nothing is stored under this link any more; please subscribe again.")
        set_choice(transaction, subscriber.id, topics, is_text_only=is_text_only)
    return subscriber
