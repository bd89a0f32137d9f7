"""Change what is stored of a subscriber by an editor's hand, and note who saw an address in full."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.choice import Choices
from newsletter.domain.subscriber import Subscriber
from newsletter.store.audit import record_act
from newsletter.store.database import Database
from newsletter.store.subscribers import find_by_id, set_choices


def load_subscriber(subscriber_id: int, *, database: Database) -> Subscriber:
    """Raise NotFoundError where nobody, or nobody any more, has that id."""
    with database.snapshot() as snapshot:
        return find_by_id(snapshot, subscriber_id)


def edit_subscriber(
    subscriber_id: int, choices: Choices, *, database: Database, editor: str, now: datetime
) -> Subscriber:
    """Store a reader's choices as the reader told the editors; raises InputError for those that cannot be kept."""
    choices.check(today=now.date())
    with database.transaction() as transaction:
        subscriber = find_by_id(transaction, subscriber_id)
        set_choices(transaction, subscriber.id, choices)
        subject = f"subscriber {subscriber.id}"
        record_act(transaction, "subscriber edited", subject=subject, detail={}, now=now, actor=editor)
        return find_by_id(transaction, subscriber.id)


def note_view(subscriber_id: int, *, database: Database, editor: str, now: datetime) -> None:
    """Note that an editor is shown an address in full."""
    with database.transaction() as transaction:
        subject = f"subscriber {subscriber_id}"
        record_act(transaction, "address shown", subject=subject, detail={}, now=now, actor=editor)
