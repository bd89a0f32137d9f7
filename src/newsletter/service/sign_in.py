"""Sign in at the desk, and out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import Editor
from newsletter.domain.second_factor import find_step, hash_recovery_code
from newsletter.domain.sign_in import (
    SEEN_EVERY,
    TRIES_OVER,
    TRIES_PER_ACCOUNT,
    TRIES_PER_NETWORK,
    SignIn,
    hash_token,
    new_token,
)
from newsletter.domain.sign_up import hash_network
from newsletter.domain.token import EditorToken, KeyRing, Purpose, hash_address
from newsletter.errors import InvalidAddressError, NotFoundError, TooManyError, UnauthenticatedError
from newsletter.log import log
from newsletter.service.password import is_password
from newsletter.service.second_factor import decrypt_key, renew_key
from newsletter.store import editors, sign_ins
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction

#: How long after the password the code may come.
_CODE_WITHIN = timedelta(minutes=5)

_WRONG = "Address and password do not belong together; look at both and try again."
_WRONG_CODE = "The code is not right, or was used before; wait for the next one, or take a recovery code."
_UNREADABLE = (
    "Your codes cannot be checked: the secret that your second factor was stored under is not in the configuration any "
    "more. Take a recovery code, or ask an owner for a new invitation."
)
_TOO_LATE = "The code came too late; begin with the password again."
_LATER = "There were too many tries; wait a quarter of an hour, then try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What a sign-in comes from."""

    #: its network address
    host: str
    #: what the browser calls itself
    agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    #: the cookie's value; only its hash is stored
    token: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    #: shows, for some minutes, that the password was right
    proof: str


def sign_in(
    email: str,
    password: str,
    *,
    client: Client,
    database: Database,
    keys: KeyRing,
    address_key: bytes,
    now: datetime,
) -> SignedIn | CodeNeeded:
    """Begin a sign-in, or ask for the second factor.

    Raises UnauthenticatedError, in the same words and after the same time, for a wrong password and for an address
    that is nobody's; and TooManyError where account or network have failed too often.
    """
    address = _read(email)
    account = hash_address(address.normalized if address else email, address_key)
    attempt = _count_try(account, hash_network(client.host, address_key), database=database, now=now)
    with database.snapshot() as snapshot:
        editor = editors.find_editor(snapshot, address) if address else None
        stored = editors.find_password_hash(snapshot, editor.id) if editor else None
    is_right = is_password(password, stored)
    if editor is None or not is_right:
        log.info("sign-in refused", editor=editor.id if editor else None)
        raise UnauthenticatedError(_WRONG)
    if editor.has_second_factor:  # the try still counts: whoever has the password alone may not guess codes for long
        return CodeNeeded(EditorToken(editor.id, now).sign(Purpose.PASSWORD_SHOWN, keys))
    with database.transaction() as transaction:
        return _begin(transaction, editor, account, attempt, agent=client.agent, now=now)


def sign_in_by_code(
    proof: str, code: str, *, client: Client, database: Database, keys: KeyRing, address_key: bytes, now: datetime
) -> SignedIn:
    """Begin a sign-in by the second factor or a recovery code, each of which works once.

    Raises UnauthenticatedError where code or proof will not do, and TooManyError as above.
    """
    shown = EditorToken.verify(proof, Purpose.PASSWORD_SHOWN, keys)
    if shown is None or not timedelta(0) <= now - shown.at <= _CODE_WITHIN:
        raise UnauthenticatedError(_TOO_LATE)
    with database.snapshot() as snapshot:
        try:
            editor = editors.get_editor(snapshot, shown.editor)
        except NotFoundError as error:
            raise UnauthenticatedError(_TOO_LATE) from error
        stored = editors.find_second_factor(snapshot, editor.id)
    account = hash_address(editor.address.normalized, address_key)
    attempt = _count_try(account, hash_network(client.host, address_key), database=database, now=now)
    found = decrypt_key(stored, editor.id, keys) if stored else None
    step = find_step(code, found.key, now) if found else None
    with database.transaction() as transaction:
        if step is None:
            is_right = editors.take_recovery_code(transaction, editor.id, hash_recovery_code(code))
        else:
            is_right = editors.take_step(transaction, editor.id, step)
        if is_right:
            if found:
                renew_key(transaction, found, keys)
            return _begin(transaction, editor, account, attempt, agent=client.agent, now=now)
    if stored and found is None:
        log.warning("second factor unreadable", editor=editor.id)
        raise UnauthenticatedError(_UNREADABLE)
    log.info("second factor refused", editor=editor.id)
    raise UnauthenticatedError(_WRONG_CODE)


def begin_sign_in(editor: Editor, *, agent: str, database: Database, now: datetime) -> str:
    """Sign in who has just chosen a password; return the token."""
    with database.transaction() as transaction:
        return _add(transaction, editor, agent=agent, now=now)


def find_sign_in(token: str, *, database: Database, now: datetime) -> SignIn | None:
    """Return whose token it is; None where it is nobody's, or has run out, or its editor was removed."""
    with database.snapshot() as snapshot:
        found = sign_ins.find_sign_in(snapshot, hash_token(token))
    if found is None or found.is_over(now):
        return None
    if now - found.seen_at >= SEEN_EVERY:
        with database.transaction() as transaction:
            sign_ins.mark_seen(transaction, found.id, now=now)
    return found


def sign_out(signed_in: SignIn, *, database: Database, now: datetime) -> None:
    """End a sign-in: its token is refused from now on."""
    editor = signed_in.editor
    with database.transaction() as transaction:
        sign_ins.end_sign_in(transaction, signed_in.id)
        record_act(transaction, "sign out", subject=f"editor {editor.id}", detail={}, actor=editor.label, now=now)


def count_own_try(editor: Editor, *, database: Database, address_key: bytes, now: datetime) -> Callable[[], None]:
    """Count that a password is asked of who is signed in; return what takes it back. Raises TooManyError."""
    account = hash_address(editor.address.normalized, address_key)
    attempt = _count_try(account, account[:16], database=database, now=now)  # it comes from no network of its own

    def forget() -> None:
        with database.transaction() as transaction:
            sign_ins.forget_try(transaction, attempt)

    return forget


def _begin(
    transaction: Transaction, editor: Editor, account: bytes, attempt: int, *, agent: str, now: datetime
) -> SignedIn:
    sign_ins.forget_tries(transaction, account, attempt)
    return SignedIn(_add(transaction, editor, agent=agent, now=now))


def _add(transaction: Transaction, editor: Editor, *, agent: str, now: datetime) -> str:
    token = new_token()
    sign_ins.add_sign_in(transaction, hash_token(token), editor.id, agent=agent[:200], now=now)
    record_act(transaction, "sign in", subject=f"editor {editor.id}", detail={}, actor=editor.label, now=now)
    return token


def _read(email: str) -> EmailAddress | None:
    try:
        return EmailAddress.parse(email)
    except InvalidAddressError:
        return None


def _count_try(account: bytes, network: bytes, *, database: Database, now: datetime) -> int:
    """Note a try before it is made, so that a thousand at once do not count as one. Raises TooManyError."""
    with database.transaction() as transaction:
        attempt = sign_ins.add_try(transaction, account, network, now=now)
    with database.transaction() as transaction:
        since = now - TRIES_OVER
        by_account, by_network = sign_ins.count_tries(transaction, account, network, since=since)
        is_too_many = by_account > TRIES_PER_ACCOUNT or by_network > TRIES_PER_NETWORK
        if is_too_many:
            sign_ins.forget_try(transaction, attempt)
    if is_too_many:
        log.warning("sign-ins limited", by_account=by_account, by_network=by_network)
        raise TooManyError(_LATER)
    return attempt
