"""Find what is due while no process is there to deliver it."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.store import ledger, notices
from newsletter.store.database import Database, Transaction
from newsletter.store.seats import is_seat_taken

#: So long a worker may take to come after the time for the first letters.
PATIENCE = timedelta(seconds=15)


def find_stranded(*, database: Database, now: datetime) -> str:
    """Name what is due with nobody to deliver it: "letters", "notices" or both; "" where all is well."""
    with database.snapshot() as snapshot:
        overdue = find_overdue(snapshot, now=now)
    return overdue if overdue and not is_seat_taken(database) else ""


def find_overdue(transaction: Transaction, *, now: datetime) -> str:
    """Name what has been due for longer than a worker takes to come, in the same words, whoever is there."""
    since = now - PATIENCE
    overdue = {
        "letters": ledger.is_any_due(transaction, now=since),
        "notices": notices.is_any_due(transaction, now=since),
    }
    return " and ".join(what for what, is_due in overdue.items() if is_due)
