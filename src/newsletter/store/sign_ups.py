"""Sign-ups: how many came, from where, and which addresses were written to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.store.database import Transaction
from newsletter.store.tables import sign_up_requests, sign_ups


def count_requests(transaction: Transaction, *, since: datetime, network: bytes | None = None) -> int:
    """Count the requests that were let in since then, from one network or from all."""
    query = select(func.count()).select_from(sign_up_requests).where(sign_up_requests.c.at > since)
    if network is not None:
        query = query.where(sign_up_requests.c.network == network)
    return transaction.scalar(query) or 0


def add_request(transaction: Transaction, network: bytes, *, now: datetime) -> None:
    transaction.execute(insert(sign_up_requests).values(network=network, at=now))


def take_turn(transaction: Transaction, address_hash: bytes, *, after: datetime, now: datetime) -> bool:
    """Note that an address is written to now; False if it was since ``after``. Of two requests at once, one wins."""
    postgres = transaction.dialect.name == "postgresql"
    turn = (postgresql if postgres else sqlite).insert(sign_ups).values(address_hash=address_hash, asked_at=now)
    taken = turn.on_conflict_do_update(
        index_elements=["address_hash"], set_={"asked_at": now}, where=sign_ups.c.asked_at <= after
    )
    return transaction.execute(taken, execution_options={"preserve_rowcount": True}).rowcount == 1


def find_turn(transaction: Transaction, address_hash: bytes) -> datetime | None:
    """Return when the site last wrote to an address because somebody had typed it in."""
    asked_at: datetime | None = transaction.scalar(select(sign_ups.c.asked_at).filter_by(address_hash=address_hash))
    return asked_at


def delete_old(transaction: Transaction, *, requests_before: datetime, turns_before: datetime) -> None:
    """Forget what no limit asks for any more."""
    transaction.execute(delete(sign_up_requests).where(sign_up_requests.c.at <= requests_before))
    transaction.execute(delete(sign_ups).where(sign_ups.c.asked_at <= turns_before))
