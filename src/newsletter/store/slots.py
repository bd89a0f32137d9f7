"""Slots: what editors changed about the cadence, and which planned dates an issue has taken."""

from __future__ import annotations

from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.domain.cadence import SlotChange, SlotStatus
from newsletter.store.database import Transaction
from newsletter.store.tables import slots


def list_changes(transaction: Transaction) -> tuple[SlotChange, ...]:
    """Return all changes by date. A planned slot that an issue took is among them and changes nothing."""
    rows = transaction.execute(select(slots).order_by(slots.c.date))
    return tuple(
        SlotChange(date=row.date, status=SlotStatus(row.status), moved_to=row.moved_to, reason=row.reason)
        for row in rows
    )


def save_change(transaction: Transaction, change: SlotChange) -> None:
    """Store a change in place of any earlier one of its slot."""
    values = {"status": change.status, "moved_to": change.moved_to, "reason": change.reason}
    if transaction.execute(update(slots).filter_by(date=change.date).values(values)).rowcount == 0:
        transaction.execute(insert(slots).values(date=change.date, **values))


def claim_slot(transaction: Transaction, day: date) -> None:
    """Lock the slot of that date until the transaction ends, so that of two callers one waits for the other."""
    postgres = transaction.dialect.name == "postgresql"
    insertion = (postgresql if postgres else sqlite).insert(slots).on_conflict_do_nothing()
    transaction.execute(insertion.values(date=day, status=SlotStatus.PLANNED))
    transaction.execute(select(slots.c.date).filter_by(date=day).with_for_update())
