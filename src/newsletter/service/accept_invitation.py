"""Accept an invitation to the desk: choose a name and a password."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.editor import INVITATION_LASTS, Editor
from newsletter.domain.sign_up import clean_name
from newsletter.domain.token import EditorToken, KeyRing, Purpose
from newsletter.errors import InputError, NotFoundError
from newsletter.service.password import hash_password
from newsletter.store import editors, sign_ins
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction

_GONE = "This invitation has been used, has run out, or was replaced by a later one; ask an owner for a new one."


def find_invited(text: str, *, database: Database, keys: KeyRing, now: datetime) -> Editor:
    """Return whom a link invites. Raises NotFoundError where it invites nobody, or nobody any more."""
    with database.snapshot() as snapshot:
        return _find(snapshot, text, keys=keys, now=now)


def accept_invitation(
    text: str, *, name: str, password: str, database: Database, keys: KeyRing, now: datetime
) -> Editor:
    """Set name and password; all sign-ins from before end, and so does a second factor.

    Raises NotFoundError as above, and InputError where name or password will not do.
    """
    shown = clean_name(name)
    if not shown:
        raise InputError("Write your name, as colleagues are to see it.")
    invited = find_invited(text, database=database, keys=keys, now=now)
    password_hash = hash_password(password, about=(shown, invited.address.text))
    with database.transaction() as transaction:
        editor = _find(transaction, text, keys=keys, now=now)
        accepted = editor.invited_at is not None and editors.accept_invitation(
            transaction, editor.id, invited_at=editor.invited_at, name=shown, password_hash=password_hash
        )
        if not accepted:
            raise NotFoundError(_GONE)
        sign_ins.end_sign_ins(transaction, editor.id)
        record_act(transaction, "accept invitation", subject=f"editor {editor.id}", detail={}, actor=shown, now=now)
        return editors.get_editor(transaction, editor.id)


def _find(transaction: Transaction, text: str, *, keys: KeyRing, now: datetime) -> Editor:
    invitation = EditorToken.verify(text, Purpose.INVITATION, keys)
    if invitation is None or now - invitation.at > INVITATION_LASTS:
        raise NotFoundError(_GONE)
    try:
        editor = editors.get_editor(transaction, invitation.editor)
    except NotFoundError as error:
        raise NotFoundError(_GONE) from error
    if editor.invited_at != invitation.at:
        raise NotFoundError(_GONE)
    return editor
