"""Who is signed in at the desk, and who tried to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, or_, select, update

from newsletter.domain.sign_in import SignIn
from newsletter.store.database import Transaction
from newsletter.store.editors import load_editor
from newsletter.store.tables import editors, sign_in_tries, sign_ins


def add_sign_in(transaction: Transaction, token_hash: bytes, editor_id: int, *, agent: str, now: datetime) -> None:
    values = {"token_hash": token_hash, "editor_id": editor_id, "agent": agent, "begun_at": now, "seen_at": now}
    transaction.execute(insert(sign_ins).values(values))


def find_sign_in(transaction: Transaction, token_hash: bytes) -> SignIn | None:
    """Return one that was not ended, of an editor who is not removed; whether it has run out, its caller sees."""
    row = transaction.execute(_select().where(sign_ins.c.token_hash == token_hash)).one_or_none()
    return None if row is None else _load(row)


def list_sign_ins(transaction: Transaction, editor_id: int) -> tuple[SignIn, ...]:
    """Return an editor's, the latest used first; among them such as have run out."""
    query = _select().where(editors.c.id == editor_id).order_by(sign_ins.c.seen_at.desc(), sign_ins.c.id.desc())
    return tuple(map(_load, transaction.execute(query)))


def mark_seen(transaction: Transaction, sign_in_id: int, *, now: datetime) -> None:
    transaction.execute(update(sign_ins).filter_by(id=sign_in_id).values(seen_at=now))


def end_sign_in(transaction: Transaction, sign_in_id: int) -> None:
    transaction.execute(delete(sign_ins).filter_by(id=sign_in_id))


def end_sign_ins(transaction: Transaction, editor_id: int, *, but: int | None = None) -> int:
    """End all of an editor's, but one; return how many there were."""
    ended = delete(sign_ins).where(sign_ins.c.editor_id == editor_id)
    if but is not None:
        ended = ended.where(sign_ins.c.id != but)
    return transaction.execute(ended, execution_options={"preserve_rowcount": True}).rowcount


def add_try(transaction: Transaction, account: bytes, network: bytes, *, now: datetime) -> int:
    """Note a try, by the hashes of its account and its network; return its id."""
    added = insert(sign_in_tries).values(account=account, network=network, at=now).returning(sign_in_tries.c.id)
    return int(transaction.execute(added).scalar_one())


def count_tries(transaction: Transaction, account: bytes, network: bytes, *, since: datetime) -> tuple[int, int]:
    """Count the tries since then, of an account and from a network."""
    tries = sign_in_tries.c
    query = select(func.count().filter(tries.account == account), func.count().filter(tries.network == network)).where(
        tries.at > since, or_(tries.account == account, tries.network == network)
    )
    by_account, by_network = transaction.execute(query).one()
    return by_account, by_network


def forget_try(transaction: Transaction, try_id: int) -> None:
    transaction.execute(delete(sign_in_tries).filter_by(id=try_id))


def forget_tries(transaction: Transaction, account: bytes, try_id: int) -> None:
    """Forget what was tried on an account before it was signed in to; from a network, only the last try."""
    tries = sign_in_tries.c
    transaction.execute(delete(sign_in_tries).where(or_(tries.account == account, tries.id == try_id)))


def delete_old(
    transaction: Transaction, *, tries_before: datetime, seen_before: datetime, begun_before: datetime
) -> None:
    """Forget what no limit asks for any more, and sign-ins that have run out."""
    transaction.execute(delete(sign_in_tries).where(sign_in_tries.c.at <= tries_before))
    is_over = or_(sign_ins.c.seen_at <= seen_before, sign_ins.c.begun_at <= begun_before)
    transaction.execute(delete(sign_ins).where(is_over))


def _select() -> Select[Any]:
    columns = (sign_ins.c.id.label("sign_in_id"), sign_ins.c.begun_at, sign_ins.c.seen_at, sign_ins.c.agent)
    return select(editors, *columns).join(sign_ins).where(editors.c.removed_at.is_(None))


def _load(row: Row[Any]) -> SignIn:
    return SignIn(
        id=row.sign_in_id, editor=load_editor(row), begun_at=row.begun_at, seen_at=row.seen_at, agent=row.agent
    )
