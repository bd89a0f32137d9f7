"""Recover the letters that a dead worker had in flight, of mailings that no worker claims any more."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from newsletter.domain.mailing import DoubtfulPolicy
from newsletter.store import recovery
from newsletter.store.database import Database
from newsletter.store.seats import is_seat_empty


def recover_letters(*, database: Database, doubtful: DoubtfulPolicy, now: datetime) -> None:
    """Decide on what dead workers left of paused and cancelled mailings, also where no worker lives to do so.

    As often as one likes: as long as nothing was left it only reads.
    """
    with database.snapshot() as snapshot:
        if not recovery.list_stopped_claims(snapshot):
            return
    with database.transaction() as transaction:
        is_dead = partial(is_seat_empty, database=database)
        recovery.recover_stopped(transaction, is_dead=is_dead, doubtful=doubtful, now=now)
