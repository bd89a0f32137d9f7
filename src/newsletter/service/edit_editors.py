"""Appoint and remove editors."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import Editor, EditorRole
from newsletter.errors import NotFoundError, RefusedError
from newsletter.store.audit import record_act
from newsletter.store.database import Database
from newsletter.store.editors import find_editor, mark_removed, save_editor


def add_editor(address: EmailAddress, *, name: str, role: EditorRole, database: Database, now: datetime) -> Editor:
    """Appoint an editor. Raises RefusedError for one who is appointed already."""
    with database.transaction() as transaction:
        known = find_editor(transaction, address)
        if known is not None:
            raise RefusedError(f"{address} is {known.role} already; 'newsletter editors remove' first, to change that.")
        editor = save_editor(transaction, address, name=name.strip(), role=role, now=now)
        record_act(transaction, "add editor", subject=f"editor {editor.id}", detail={"role": role.value}, now=now)
    return editor


def remove_editor(address: EmailAddress, *, database: Database, now: datetime) -> Editor:
    """Take an editor's rights. Raises NotFoundError for an address that has none."""
    with database.transaction() as transaction:
        editor = find_editor(transaction, address)
        if editor is None:
            raise NotFoundError(f"{address} is no editor; 'newsletter editors list' names them.")
        mark_removed(transaction, editor.id, now=now)
        record_act(transaction, "remove editor", subject=f"editor {editor.id}", detail={}, now=now)
    return editor
