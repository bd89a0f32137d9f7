"""What editors change of their own: password, second factor, sign-ins."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.editor import Editor
from newsletter.domain.second_factor import find_step, hash_recovery_code, new_recovery_codes
from newsletter.domain.sign_in import SignIn
from newsletter.domain.token import KeyRing
from newsletter.errors import InputError, NotFoundError
from newsletter.service.password import hash_password, is_password
from newsletter.service.second_factor import encrypt_key
from newsletter.service.sign_in import count_own_try
from newsletter.store import editors, sign_ins
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction

_WRONG_PASSWORD = "The password is not right; look at it and try again."  # noqa: S105 - a sentence
_WRONG_CODE = "The code is not right. It changes every half minute; is the clock of your phone right?"


def change_password(
    sign_in: SignIn, *, old: str, new: str, database: Database, address_key: bytes, now: datetime
) -> None:
    """Set another password; all other sign-ins end. Raises InputError where either will not do."""
    editor = sign_in.editor
    _require_password(editor, old, database=database, address_key=address_key, now=now)
    password_hash = hash_password(new, about=(editor.name, editor.address.text))
    with database.transaction() as transaction:
        editors.save_password_hash(transaction, editor.id, password_hash)
        ended = sign_ins.end_sign_ins(transaction, editor.id, but=sign_in.id)
        _record(transaction, "change password", editor, now=now, ended=ended)


def set_second_factor(
    editor: Editor,
    key: bytes,
    *,
    code: str,
    password: str,
    database: Database,
    keys: KeyRing,
    address_key: bytes,
    now: datetime,
) -> tuple[str, ...]:
    """Ask for codes of this key from now on; return the recovery codes, which are never shown again.

    Raises InputError where code or password is not right.
    """
    _require_password(editor, password, database=database, address_key=address_key, now=now)
    step = find_step(code, key, now)
    if step is None:
        raise InputError(_WRONG_CODE)
    codes = new_recovery_codes()
    with database.transaction() as transaction:
        stored = encrypt_key(key, editor.id, keys)
        editors.save_second_factor(
            transaction, editor.id, stored, step=step, code_hashes=map(hash_recovery_code, codes)
        )
        _record(transaction, "set second factor", editor, now=now)
    return codes


def drop_second_factor(editor: Editor, *, password: str, database: Database, address_key: bytes, now: datetime) -> None:
    """Ask for no codes any more. Raises InputError where the password is not right."""
    _require_password(editor, password, database=database, address_key=address_key, now=now)
    with database.transaction() as transaction:
        editors.save_second_factor(transaction, editor.id, None, step=None, code_hashes=())
        _record(transaction, "drop second factor", editor, now=now)


def end_own_sign_in(editor: Editor, sign_in_id: int, *, database: Database, now: datetime) -> None:
    """End one of one's own sign-ins. Raises NotFoundError for any other."""
    with database.transaction() as transaction:
        if all(each.id != sign_in_id for each in sign_ins.list_sign_ins(transaction, editor.id)):
            raise NotFoundError("There is no such sign-in of yours, or not any more.")
        sign_ins.end_sign_in(transaction, sign_in_id)
        _record(transaction, "end sign-in", editor, now=now)


def end_other_sign_ins(sign_in: SignIn, *, database: Database, now: datetime) -> int:
    """End all of one's own sign-ins but this; return how many there were."""
    with database.transaction() as transaction:
        ended = sign_ins.end_sign_ins(transaction, sign_in.editor.id, but=sign_in.id)
        _record(transaction, "end sign-ins", sign_in.editor, now=now, ended=ended)
    return ended


def _require_password(editor: Editor, password: str, *, database: Database, address_key: bytes, now: datetime) -> None:
    forget = count_own_try(editor, database=database, address_key=address_key, now=now)
    with database.snapshot() as snapshot:
        stored = editors.find_password_hash(snapshot, editor.id)
    if not is_password(password, stored):
        raise InputError(_WRONG_PASSWORD)
    forget()


def _record(transaction: Transaction, act: str, editor: Editor, *, now: datetime, **detail: int) -> None:
    record_act(transaction, act, subject=f"editor {editor.id}", detail=detail, actor=editor.label, now=now)
