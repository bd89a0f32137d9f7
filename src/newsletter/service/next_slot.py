"""The slot whose turn it is, and the open draft on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from newsletter.domain.cadence import Cadence, Calendar, Slot
from newsletter.domain.issue import Draft, IssueStatus
from newsletter.store import approvals, issues, slots
from newsletter.store.database import Transaction


def find_next_slot(transaction: Transaction, *, cadence: Cadence) -> Slot:
    """Return the earliest slot not sent yet: that of the first day behind the last published issue's."""
    calendar = Calendar(cadence=cadence, changes=slots.list_changes(transaction))
    published = [issue.date for issue in issues.list_published(transaction)]
    return next(slot for slot in calendar.slots() if not published or slot.day > max(published))


def place_draft(transaction: Transaction, slot: Slot, *, now: datetime) -> Draft | None:
    """Put the open draft, if there is one, on ``slot``. It keeps its number; a new date voids its approval."""
    slots.claim_slot(transaction, slot.date)
    draft = issues.find_open_draft(transaction)
    if draft is None or (draft.slot, draft.day, draft.due_at) == (slot.date, slot.day, slot.at):
        return draft
    approvals.void_standing(transaction, draft.id, now=now)
    placed = replace(draft, slot=slot.date, day=slot.day, due_at=slot.at, status=IssueStatus.DRAFT)
    issues.save_draft(transaction, placed)
    return placed
