"""Leases: of several processes that would do the same work, one does it, and another finishes what a dead one began."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.store.database import Database, Transaction
from newsletter.store.tables import leases

#: The lease of whoever sees to what is due; doctor reads from it when that was last done.
SCHEDULER_LEASE = "schedule"

#: A process that holds a lease for longer without a sign of life is taken for dead.
LEASE = timedelta(minutes=10)


@contextmanager
def hold_lease(database: Database, name: str, *, now: datetime) -> Iterator[bool]:
    """Hold the lease during the block; False if somebody else has it, so that the block has to leave the work."""
    owner = uuid4().hex
    with database.transaction() as transaction:
        is_ours = take_lease(transaction, name, owner=owner, until=now + LEASE, now=now)
    try:
        yield is_ours
    finally:
        if is_ours:
            with database.transaction() as transaction:
                release_lease(transaction, name, owner=owner, now=now)


def take_lease(transaction: Transaction, name: str, *, owner: str, until: datetime, now: datetime) -> bool:
    """Take the lease unless somebody else's still stands; ``owner`` is unlike any other, also in this process."""
    postgres = transaction.dialect.name == "postgresql"
    insertion = (postgresql if postgres else sqlite).insert(leases).values(name=name, owner=owner, until=until)
    taken = insertion.on_conflict_do_update(
        index_elements=["name"], set_={"owner": owner, "until": until}, where=leases.c.until <= now
    )
    return transaction.execute(taken, execution_options={"preserve_rowcount": True}).rowcount == 1


def renew_lease(transaction: Transaction, name: str, *, owner: str, until: datetime) -> bool:
    """Prolong one's own lease; False if another owner has taken it since."""
    renewed = update(leases).filter_by(name=name, owner=owner).values(until=until)
    return transaction.execute(renewed).rowcount == 1


def release_lease(transaction: Transaction, name: str, *, owner: str, now: datetime) -> None:
    """Give one's own lease back. The row stays: it says when the work was last done."""
    renew_lease(transaction, name, owner=owner, until=now)


def last_release(transaction: Transaction, name: str) -> datetime | None:
    """Return when the lease was last given back, or until when it is held; None if nobody ever took it."""
    until: datetime | None = transaction.scalar(select(leases.c.until).filter_by(name=name))
    return until
