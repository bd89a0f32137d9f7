"""Editors. One who is removed stays stored, since the audit log names them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update

from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import Editor, EditorRole
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import editors, recovery_codes

_NO_WAY_IN = {"password_hash": None, "second_factor": None, "second_factor_step": None}


def save_editor(
    transaction: Transaction,
    address: EmailAddress,
    *,
    name: str,
    role: EditorRole,
    now: datetime,
    invited_at: datetime | None = None,
) -> Editor:
    """Store an editor, or bring back one who was removed, whose password does not come back."""
    values = {"name": name, "role": role, "added_at": now, "removed_at": None, "invited_at": invited_at, **_NO_WAY_IN}
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


def get_editor(transaction: Transaction, editor_id: int) -> Editor:
    """Return one who is not removed. Raises NotFoundError."""
    query = select(editors).where(editors.c.id == editor_id, editors.c.removed_at.is_(None))
    row = transaction.execute(query).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no editor {editor_id}, or not any more; the list of editors has the others.")
    return load_editor(row)


def list_editors(transaction: Transaction) -> tuple[Editor, ...]:
    """Return all who are not removed, by address."""
    rows = transaction.execute(select(editors).where(editors.c.removed_at.is_(None)).order_by(editors.c.email))
    return tuple(map(load_editor, rows))


def lock_editors(transaction: Transaction) -> None:
    """Let nobody else change who is an editor until this transaction ends."""
    transaction.execute(select(editors.c.id).order_by(editors.c.id).with_for_update()).all()


def count_owners(transaction: Transaction) -> int:
    query = select(func.count()).select_from(editors).filter_by(role=EditorRole.OWNER)
    return transaction.scalar(query.where(editors.c.removed_at.is_(None))) or 0


def save_role(transaction: Transaction, editor_id: int, role: EditorRole) -> None:
    transaction.execute(update(editors).filter_by(id=editor_id).values(role=role))


def mark_invited(transaction: Transaction, editor_id: int, *, at: datetime) -> None:
    transaction.execute(update(editors).filter_by(id=editor_id).values(invited_at=at))


def accept_invitation(
    transaction: Transaction, editor_id: int, *, invited_at: datetime, name: str, password_hash: str
) -> bool:
    """Take name and password, once for each invitation; False where it was accepted meanwhile.

    Whatever the editor signed in with before is forgotten.
    """
    values = {**_NO_WAY_IN, "invited_at": None, "name": name, "password_hash": password_hash}
    accepted = update(editors).filter_by(id=editor_id, invited_at=invited_at).values(values)
    _forget_recovery_codes(transaction, editor_id)
    return transaction.execute(accepted, execution_options={"preserve_rowcount": True}).rowcount == 1


def find_password_hash(transaction: Transaction, editor_id: int) -> str | None:
    """Return what is stored of a password; None before there is one."""
    found: str | None = transaction.scalar(select(editors.c.password_hash).filter_by(id=editor_id))
    return found


def save_password_hash(transaction: Transaction, editor_id: int, password_hash: str) -> None:
    transaction.execute(update(editors).filter_by(id=editor_id).values(password_hash=password_hash))


def find_second_factor(transaction: Transaction, editor_id: int) -> bytes | None:
    """Return the key that an editor's codes are made from, encrypted."""
    found: bytes | None = transaction.scalar(select(editors.c.second_factor).filter_by(id=editor_id))
    return found


def list_second_factors(transaction: Transaction) -> tuple[tuple[int, bytes], ...]:
    """Return the encrypted key of each editor who has one, by the editor's id."""
    query = select(editors.c.id, editors.c.second_factor).where(editors.c.second_factor.is_not(None))
    return tuple((row.id, row.second_factor) for row in transaction.execute(query.order_by(editors.c.id)))


def replace_second_factor(transaction: Transaction, editor_id: int, stored: bytes, renewed: bytes) -> None:
    """Store the same key, encrypted anew; nothing where the editor has another one meanwhile."""
    is_same = editors.c.second_factor == stored
    transaction.execute(update(editors).where(editors.c.id == editor_id, is_same).values(second_factor=renewed))


def save_second_factor(
    transaction: Transaction, editor_id: int, key: bytes | None, *, step: int | None, code_hashes: Iterable[bytes]
) -> None:
    """Set the second factor (its key encrypted) with its recovery codes, or take both away.

    ``step`` is that of the last code taken.
    """
    values = {"second_factor": key, "second_factor_step": step}
    transaction.execute(update(editors).filter_by(id=editor_id).values(values))
    _forget_recovery_codes(transaction, editor_id)
    rows = [{"editor_id": editor_id, "code_hash": code_hash} for code_hash in code_hashes]
    if rows:
        transaction.execute(insert(recovery_codes), rows)


def take_step(transaction: Transaction, editor_id: int, step: int) -> bool:
    """Use the code of a step up; False if it, or a later one, was used before."""
    column = editors.c.second_factor_step
    is_new = or_(column.is_(None), column < step)
    used = update(editors).where(editors.c.id == editor_id, is_new).values(second_factor_step=step)
    return transaction.execute(used, execution_options={"preserve_rowcount": True}).rowcount == 1


def take_recovery_code(transaction: Transaction, editor_id: int, code_hash: bytes) -> bool:
    """Use a recovery code up; False if it is none, or was used before."""
    used = delete(recovery_codes).filter_by(editor_id=editor_id, code_hash=code_hash)
    return transaction.execute(used, execution_options={"preserve_rowcount": True}).rowcount == 1


def count_recovery_codes(transaction: Transaction, editor_id: int) -> int:
    query = select(func.count()).select_from(recovery_codes).filter_by(editor_id=editor_id)
    return transaction.scalar(query) or 0


def mark_removed(transaction: Transaction, editor_id: int, *, now: datetime) -> None:
    transaction.execute(update(editors).filter_by(id=editor_id).values(removed_at=now))


def _forget_recovery_codes(transaction: Transaction, editor_id: int) -> None:
    transaction.execute(delete(recovery_codes).filter_by(editor_id=editor_id))


def load_editor(row: Row[Any]) -> Editor:
    """Return the editor of a row that has all columns of the table."""
    return Editor(
        id=row.id,
        address=EmailAddress(row.email),
        name=row.name,
        role=EditorRole(row.role),
        added_at=row.added_at,
        invited_at=row.invited_at,
        has_password=row.password_hash is not None,
        has_second_factor=row.second_factor is not None,
    )
