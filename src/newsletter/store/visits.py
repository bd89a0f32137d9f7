"""Who has a composer open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select, update

from newsletter.domain.composition import TextName, Visit
from newsletter.store.database import Transaction
from newsletter.store.tables import editors, issue_visits


def note_visit(
    transaction: Transaction, issue_id: int, editor_id: int, *, text: TextName | None, now: datetime
) -> None:
    values = {"seen_at": now, "text_name": str(text) if text else None}
    known = update(issue_visits).filter_by(issue_id=issue_id, editor_id=editor_id).values(values)
    if transaction.execute(known).rowcount == 0:
        transaction.execute(insert(issue_visits).values(issue_id=issue_id, editor_id=editor_id, **values))


def list_visits(transaction: Transaction, issue_id: int, *, since: datetime) -> list[Visit]:
    """Return who was seen since then, by name."""
    query = (
        select(issue_visits, editors.c.name)
        .join(editors, editors.c.id == issue_visits.c.editor_id)
        .where(issue_visits.c.issue_id == issue_id, issue_visits.c.seen_at >= since)
        .order_by(editors.c.name, editors.c.id)
    )
    return [
        Visit(
            editor_id=row.editor_id,
            name=row.name,
            seen_at=row.seen_at,
            text=TextName.parse(row.text_name) if row.text_name else None,
        )
        for row in transaction.execute(query)
    ]


def forget_visits(transaction: Transaction, *, before: datetime) -> None:
    transaction.execute(delete(issue_visits).where(issue_visits.c.seen_at < before))
