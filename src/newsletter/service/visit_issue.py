"""Note who has a composer open, so that editors see each other. No act: nothing of it is kept for long."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.domain.composition import TextName, Visit
from newsletter.domain.editor import Editor
from newsletter.store import issues, visits
from newsletter.store.database import Database

#: Who was not seen for so long has left.
PRESENT = timedelta(seconds=40)
#: A visit is written down anew this often: a glance every few seconds need not be a commit.
_FRESH = timedelta(seconds=12)
_KEPT = timedelta(hours=1)


def visit_issue(
    number: int, *, editor: Editor, text: TextName | None, database: Database, now: datetime
) -> tuple[Visit, ...]:
    """Note that an editor has the composer of an issue open, and return the others who have; by name."""
    with database.snapshot() as snapshot:
        issue_id = issues.find_issue_id(snapshot, number)
        present = visits.list_visits(snapshot, issue_id, since=now - PRESENT)
    own = next((visit for visit in present if visit.editor_id == editor.id), None)
    if own is None or own.text != text or own.seen_at < now - _FRESH:
        with database.transaction() as transaction:
            visits.note_visit(transaction, issue_id, editor.id, text=text, now=now)
            visits.forget_visits(transaction, before=now - _KEPT)
    return tuple(visit for visit in present if visit.editor_id != editor.id)
