"""Sign in at the desk, and out again."""

from __future__ import annotations

from datetime import datetime

import structlog

from newsletter.domain.address import EmailAddress
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
from newsletter.domain.token import hash_address
from newsletter.errors import InvalidAddressError, TooManyError, UnauthenticatedError
from newsletter.service.password import is_password
from newsletter.store import sign_ins
from newsletter.store.audit import record_act
from newsletter.store.database import Database
from newsletter.store.editors import find_editor, find_password_hash

log = structlog.get_logger(__name__)

_WRONG = "Address and password do not belong together; look at both and try again."
_LATER = "There were too many tries; wait a quarter of an hour, then try again."


def sign_in(
    email: str, password: str, *, client: str, agent: str, database: Database, address_key: bytes, now: datetime
) -> str:
    """Begin a sign-in; return its token, of which only the hash is stored.

    ``client`` is the network address that the request came from, ``agent`` what the browser calls itself. Raises
    UnauthenticatedError, in the same words and after the same time, for a wrong password and for an address that is
    nobody's; and TooManyError where account or network have failed too often.
    """
    address = _read(email)
    account = hash_address(address.normalized if address else email, address_key)
    attempt = _count_try(account, hash_network(client, address_key), database=database, now=now)
    with database.snapshot() as snapshot:
        editor = find_editor(snapshot, address) if address else None
        stored = find_password_hash(snapshot, editor.id) if editor else None
    is_right = is_password(password, stored)
    if editor is None or not is_right:
        log.info("sign-in refused", editor=editor.id if editor else None)
        raise UnauthenticatedError(_WRONG)
    token = new_token()
    with database.transaction() as transaction:
        sign_ins.forget_tries(transaction, account, attempt)
        sign_ins.add_sign_in(transaction, hash_token(token), editor.id, agent=agent[:200], now=now)
        record_act(transaction, "sign in", subject=f"editor {editor.id}", detail={}, actor=editor.label, now=now)
    return token


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
