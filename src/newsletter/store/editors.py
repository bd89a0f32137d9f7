"""Editors. One who is removed stays stored, since the audit log names them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import Editor, EditorRole
from newsletter.store.database import Transaction
from newsletter.store.tables import editors


def save_editor(
    transaction: Transaction, address: EmailAddress, *, name: str, role: EditorRole, now: datetime
) -> Editor:
    """Store an editor, or bring back one who was removed, whose password does not come back."""
    values = {"name": name, "role": role, "added_at": now, "removed_at": None, "password_hash": None}
    returned = update(editors).filter_by(email=address.normalized).values(values).returning(*editors.c)
    row = transaction.execute(returned).one_or_none()
    if row is None:
        added = insert(editors).values(email=address.normalized, **values).returning(*editors.c)
        row = transaction.execute(added).one()
    return load_editor(row)


def find_editor(transaction: Transaction, address: EmailAddress) -> Editor | None:
    """Return one who is not removed."""
    query = select(editors).where(editors.c.email == address.normalized, editors.c.removed_at.is_(None))
    row = transaction.execute(query).one_or_none()
    return None if row is None else load_editor(row)


def list_editors(transaction: Transaction) -> tuple[Editor, ...]:
    """Return all who are not removed, by address."""
    rows = transaction.execute(select(editors).where(editors.c.removed_at.is_(None)).order_by(editors.c.email))
    return tuple(map(load_editor, rows))


def find_password_hash(transaction: Transaction, editor_id: int) -> str | None:
    """Return what is stored of a password; None before there is one."""
    found: str | None = transaction.scalar(select(editors.c.password_hash).filter_by(id=editor_id))
    return found


def save_password_hash(transaction: Transaction, editor_id: int, password_hash: str) -> None:
    transaction.execute(update(editors).filter_by(id=editor_id).values(password_hash=password_hash))


def mark_removed(transaction: Transaction, editor_id: int, *, now: datetime) -> None:
    transaction.execute(update(editors).filter_by(id=editor_id).values(removed_at=now))


def load_editor(row: Row[Any]) -> Editor:
    return Editor(
        id=row.id,
        address=EmailAddress(row.email),
        name=row.name,
        role=EditorRole(row.role),
        added_at=row.added_at,
    )
