"""Wordings that were set aside, because somebody else had changed the same text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from newsletter.domain.composition import Clash, TextName
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import clashes


def set_aside(transaction: Transaction, issue_id: int, text: TextName, words: str, *, by: str, now: datetime) -> Clash:
    """Keep an editor's words for a text; they replace what the same editor had set aside for it."""
    values = {"words": words, "made_at": now}
    known = update(clashes).filter_by(issue_id=issue_id, text_name=str(text), made_by=by).values(values)
    row = transaction.execute(known.returning(*clashes.c)).one_or_none()
    if row is None:
        added = insert(clashes).values(issue_id=issue_id, text_name=str(text), made_by=by, **values)
        row = transaction.execute(added.returning(*clashes.c)).one()
    return _read(row)


def list_clashes(transaction: Transaction, issue_id: int) -> list[Clash]:
    query = select(clashes).filter_by(issue_id=issue_id).order_by(clashes.c.made_at, clashes.c.id)
    return [_read(row) for row in transaction.execute(query)]


def find_clash(transaction: Transaction, issue_id: int, clash_id: int) -> Clash:
    """Return one that is not settled. Raises NotFoundError."""
    row = transaction.execute(select(clashes).filter_by(issue_id=issue_id, id=clash_id)).one_or_none()
    if row is None:
        raise NotFoundError("Somebody has chosen between these two wordings already: look at the issue again.")
    return _read(row)


def drop_clash(transaction: Transaction, clash_id: int) -> None:
    transaction.execute(delete(clashes).filter_by(id=clash_id))


def drop_same(transaction: Transaction, issue_id: int, text: TextName, words: str) -> None:
    """Drop what was set aside for a text that says just that now."""
    transaction.execute(delete(clashes).filter_by(issue_id=issue_id, text_name=str(text), words=words))


def _read(row: Row[Any]) -> Clash:
    return Clash(
        id=row.id, text=TextName.parse(row.text_name), made_by=row.made_by, made_at=row.made_at, words=row.words
    )
