"""Appoint and remove editors, and change what they may do. Each is invited by a notice."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.sign_up import clean_name
from newsletter.errors import NotFoundError, RefusedError
from newsletter.store import editors, sign_ins
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction
from newsletter.store.notices import queue_invitation

_LAST_OWNER = "{} is the only owner; make somebody else an owner first."


def add_editor(
    address: EmailAddress, *, name: str, role: EditorRole, database: Database, now: datetime, by: Editor | None = None
) -> Editor:
    """Appoint an editor, and have a notice invite them. Raises RefusedError for one who is appointed already.

    ``by`` is who does it at the desk; None on the command line.
    """
    invited_at = now.replace(microsecond=0)  # what the link's token can say
    with database.transaction() as transaction:
        known = editors.find_editor(transaction, address)
        if known is not None:
            raise RefusedError(f"{address} is {known.role} already; 'newsletter editors remove' first, to change that.")
        editor = editors.save_editor(
            transaction, address, name=clean_name(name), role=role, now=now, invited_at=invited_at
        )
        queue_invitation(transaction, editor.id, invited_at=invited_at, now=now)
        _record(transaction, "add editor", editor, by=by, now=now, role=role.value)
    return editor


def invite_again(editor_id: int, *, database: Database, now: datetime, by: Editor | None = None) -> Editor:
    """Send an editor a new link, say for a forgotten password or a lost phone; the links before it are void."""
    invited_at = now.replace(microsecond=0)
    with database.transaction() as transaction:
        editor = editors.get_editor(transaction, editor_id)
        editors.mark_invited(transaction, editor.id, at=invited_at)
        queue_invitation(transaction, editor.id, invited_at=invited_at, now=now)
        _record(transaction, "invite editor", editor, by=by, now=now)
    return editor


def change_role(
    editor_id: int, role: EditorRole, *, database: Database, now: datetime, by: Editor | None = None
) -> Editor:
    """Give an editor another role. Raises RefusedError where nobody would be an owner any more."""
    with database.transaction() as transaction:
        editors.lock_editors(transaction)
        editor = editors.get_editor(transaction, editor_id)
        if editor.role is not role:
            _require_another_owner(transaction, editor)
            editors.save_role(transaction, editor.id, role)
            _record(transaction, "change role", editor, by=by, now=now, role=role.value, before=editor.role.value)
        return editors.get_editor(transaction, editor_id)


def remove_editor(address: EmailAddress, *, database: Database, now: datetime, by: Editor | None = None) -> Editor:
    """Take an editor's rights and end their sign-ins. Raises NotFoundError for an address that has none."""
    with database.transaction() as transaction:
        editors.lock_editors(transaction)
        editor = editors.find_editor(transaction, address)
        if editor is None:
            raise NotFoundError(f"{address} is no editor; 'newsletter editors list' names them.")
        if by is not None:  # on the command line even the last one may go
            _require_another_owner(transaction, editor)
        editors.mark_removed(transaction, editor.id, now=now)
        sign_ins.end_sign_ins(transaction, editor.id)
        _record(transaction, "remove editor", editor, by=by, now=now)
    return editor


def is_anybody_owner(database: Database) -> bool:
    """Tell whether an owner has come in already, who can invite the others."""
    with database.snapshot() as snapshot:
        return any(each.role is EditorRole.OWNER and each.has_password for each in editors.list_editors(snapshot))


def _require_another_owner(transaction: Transaction, editor: Editor) -> None:
    if editor.role is EditorRole.OWNER and editors.count_owners(transaction) == 1:
        raise RefusedError(_LAST_OWNER.format(editor.label))


def _record(
    transaction: Transaction, act: str, editor: Editor, *, by: Editor | None, now: datetime, **detail: str
) -> None:
    actor = by.label if by else None
    record_act(transaction, act, subject=f"editor {editor.id}", detail=detail, actor=actor, now=now)
