"""Skip, move and add slots. The open draft follows at once and keeps its number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from newsletter.domain.cadence import Cadence, Calendar, Slot, SlotChange
from newsletter.domain.issue import Draft
from newsletter.errors import RefusedError
from newsletter.service.next_slot import find_next_slot, place_draft
from newsletter.store import issues, slots
from newsletter.store.audit import record_act
from newsletter.store.database import Database


def skip_slot(day: date, *, reason: str, database: Database, cadence: Cadence, now: datetime) -> Draft | None:
    """Leave the slot of that date out; return the open draft. Raises RefusedError where it cannot be."""
    return _change(lambda calendar: calendar.skip(day, reason=reason), database=database, cadence=cadence, now=now)


def move_slot(day: date, to: date, *, reason: str, database: Database, cadence: Cadence, now: datetime) -> Draft | None:
    """Put the slot of that date on another day; return the open draft. Raises RefusedError where it cannot be."""
    return _change(lambda calendar: calendar.move(day, to, reason=reason), database=database, cadence=cadence, now=now)


def add_slot(day: date, *, reason: str, database: Database, cadence: Cadence, now: datetime) -> Draft | None:
    """Add a slot, or take a skip back; return the open draft. Raises RefusedError where it cannot be."""
    return _change(lambda calendar: calendar.add(day, reason=reason), database=database, cadence=cadence, now=now)


def load_calendar(*, database: Database, cadence: Cadence) -> Calendar:
    with database.snapshot() as snapshot:
        return Calendar(cadence=cadence, changes=slots.list_changes(snapshot))


def list_issue_numbers(*, database: Database) -> dict[date, int]:
    """Return the numbers of all issues by the date of their slot."""
    with database.snapshot() as snapshot:
        return {draft.slot: draft.number for draft in issues.list_issues(snapshot)}


def _change(
    decide: Callable[[Calendar], SlotChange], *, database: Database, cadence: Cadence, now: datetime
) -> Draft | None:
    with database.transaction() as transaction:
        calendar = Calendar(cadence=cadence, changes=slots.list_changes(transaction))
        change = decide(calendar)
        published = issues.list_published(transaction)
        former = calendar.slot_on(change.date)
        if published:
            _require_unsent(change, former, max(issue.date for issue in published))
        slots.save_change(transaction, change)
        record_act(
            transaction,
            f"slot {change.status}",
            subject=f"slot {change.date}",
            detail={"reason": change.reason, "moved_to": change.moved_to and str(change.moved_to)},
            now=now,
        )
        return place_draft(transaction, find_next_slot(transaction, cadence=cadence), now=now)


def _require_unsent(change: SlotChange, former: Slot | None, last: date) -> None:
    """Refuse to rewrite the past: issues go out in the order of their days."""
    if former is not None and former.day <= last:
        raise RefusedError(f"The slot of {change.date} lies behind: the last issue went out for {last}.")
    if change.day <= last:
        raise RefusedError(f"{change.day} lies before the last issue, of {last}: choose a later day.")
