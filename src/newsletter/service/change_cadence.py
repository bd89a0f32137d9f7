"""Skip, move and add slots. The open draft follows at once and keeps its number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import takewhile

from newsletter.domain.cadence import Cadence, Calendar, Slot, SlotChange
from newsletter.domain.issue import Draft
from newsletter.errors import RefusedError
from newsletter.service.next_slot import find_next_slot, place_draft
from newsletter.store import issues, slots
from newsletter.store.audit import record_act
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSlot:
    """A slot, and what stands on it."""

    slot: Slot
    #: without its items; None while none has taken the slot
    issue: Draft | None
    #: it lies before us, so that it may be skipped or moved
    may_change: bool


def skip_slot(
    day: date, *, reason: str, database: Database, cadence: Cadence, now: datetime, actor: str | None = None
) -> Draft | None:
    """Leave the slot of that date out; return the open draft. Raises RefusedError where it cannot be."""
    decide = partial(Calendar.skip, date=day, reason=reason)
    return _change(decide, database=database, cadence=cadence, now=now, actor=actor)


def move_slot(
    day: date, to: date, *, reason: str, database: Database, cadence: Cadence, now: datetime, actor: str | None = None
) -> Draft | None:
    """Put the slot of that date on another day; return the open draft. Raises RefusedError where it cannot be."""
    decide = partial(Calendar.move, date=day, to=to, reason=reason)
    return _change(decide, database=database, cadence=cadence, now=now, actor=actor)


def add_slot(
    day: date, *, reason: str, database: Database, cadence: Cadence, now: datetime, actor: str | None = None
) -> Draft | None:
    """Add a slot, or take a skip back; return the open draft. Raises RefusedError where it cannot be."""
    decide = partial(Calendar.add, date=day, reason=reason)
    return _change(decide, database=database, cadence=cadence, now=now, actor=actor)


def load_calendar(*, database: Database, cadence: Cadence) -> Calendar:
    with database.snapshot() as snapshot:
        return Calendar(cadence=cadence, changes=slots.list_changes(snapshot))


def list_issue_numbers(*, database: Database) -> dict[date, int]:
    """Return the numbers of all issues by the date of their slot."""
    with database.snapshot() as snapshot:
        return {draft.slot: draft.number for draft in issues.list_issues(snapshot)}


def list_year(year: int, *, database: Database, cadence: Cadence) -> tuple[CalendarSlot, ...]:
    """Return the slots that fall into a year, the skipped ones too, with the issues that have taken them."""
    with database.snapshot() as snapshot:
        calendar = Calendar(cadence=cadence, changes=slots.list_changes(snapshot))
        taken = {draft.slot: draft for draft in issues.list_outlines(snapshot)}
        published = issues.list_published(snapshot)
    last = max((issue.date for issue in published), default=None)
    agenda = takewhile(lambda slot: slot.day.year <= year, calendar.agenda())
    return tuple(
        CalendarSlot(
            slot=slot,
            issue=taken.get(slot.date),
            may_change=last is None or slot.day > last,
        )
        for slot in agenda
        if slot.day.year == year
    )


def _change(
    decide: Callable[[Calendar], SlotChange],
    *,
    database: Database,
    cadence: Cadence,
    now: datetime,
    actor: str | None,
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
            actor=actor,
        )
        return place_draft(transaction, find_next_slot(transaction, cadence=cadence), now=now)


def _require_unsent(change: SlotChange, former: Slot | None, last: date) -> None:
    """Refuse to rewrite the past: issues go out in the order of their days."""
    if former is not None and former.day <= last:
        raise RefusedError(f"The slot of {change.date} lies behind: the last issue went out for {last}.")
    if change.day <= last:
        raise RefusedError(f"{change.day} lies before the last issue, of {last}: choose a later day.")
