"""What was spent of each relay's limits, shared by all processes and known after a restart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.domain.budget import DAY, RELAY, Spending, Stretch
from newsletter.store.database import Transaction
from newsletter.store.tables import budgets, relay_rests, spendings, stretches

__all__ = ["RELAY", "Budget", "RelayRest"]


@dataclass(frozen=True, slots=True)
class Budget:
    """How far the letters of one recipient domain are planned."""

    #: from when on the next one may leave
    free_at: datetime
    #: until when those will be under way that had to be left in their batches
    queued_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayRest:
    """The relay said that our quota is used up."""

    until: datetime
    why: str
    #: how often since it last accepted a letter, and when first
    refusals: int
    refused_since: datetime


def lock_relay(transaction: Transaction, *, now: datetime, relay: str = RELAY) -> None:
    """Let nobody else spend anything of a relay's until this transaction ends."""
    fresh = _insertion(transaction).values(name=relay, free_at=now).on_conflict_do_nothing()
    locked = None
    while locked is None:  # ``delete_spent`` may take the row away between the two
        transaction.execute(fresh)
        locked = transaction.execute(select(budgets).filter_by(name=relay).with_for_update()).one_or_none()


def list_stretches(transaction: Transaction, *, now: datetime, relay: str = RELAY) -> list[Stretch]:
    """Return what is planned of a relay's time and not over."""
    query = select(stretches.c.starts_at, stretches.c.ends_at).filter_by(relay=relay).where(stretches.c.ends_at > now)
    return [Stretch(starts_at, ends_at) for starts_at, ends_at in transaction.execute(query)]


def add_stretch(transaction: Transaction, stretch: Stretch, *, now: datetime, relay: str = RELAY) -> int:
    """Plan a part of a relay's time, which is locked; return the id by which ``cut_stretch`` gives the rest back."""
    transaction.execute(delete(stretches).filter_by(relay=relay).where(stretches.c.ends_at <= now))
    values = {"starts_at": stretch.starts_at, "ends_at": stretch.ends_at, "relay": relay}
    return int(transaction.execute(insert(stretches).values(values).returning(stretches.c.id)).scalar_one())


def cut_stretch(transaction: Transaction, stretch: int, *, ends_at: datetime) -> None:
    """Let a stretch end so early; one that is over by then stays as it is."""
    transaction.execute(delete(stretches).filter_by(id=stretch).where(stretches.c.starts_at >= ends_at))
    earlier = update(stretches).filter_by(id=stretch).where(stretches.c.ends_at > ends_at)
    transaction.execute(earlier.values(ends_at=ends_at))


def load_budgets(transaction: Transaction, names: Collection[str]) -> dict[str, Budget]:
    """Return the budgets among these that are known; a domain that nothing went to yet is free."""
    rows = transaction.execute(select(budgets).where(budgets.c.name.in_(names)))
    return {row.name: Budget(row.free_at, row.queued_until) for row in rows}


def save_budgets(transaction: Transaction, changed: dict[str, Budget]) -> None:
    if not changed:
        return
    statement = _insertion(transaction)
    changes = {"free_at": statement.excluded.free_at, "queued_until": statement.excluded.queued_until}
    rows = [
        {"name": name, "free_at": budget.free_at, "queued_until": budget.queued_until}
        for name, budget in sorted(changed.items())
    ]
    transaction.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changes), rows)


def delete_spent(transaction: Transaction, *, now: datetime) -> None:
    """Delete the budgets of domains with nothing planned: a domain that is not known is as free as they are.

    What somebody has locked stays: it may be a relay's row, which others wait for.
    """
    is_over = budgets.c.free_at <= now, or_(budgets.c.queued_until.is_(None), budgets.c.queued_until <= now)
    spent = select(budgets.c.name).where(budgets.c.name != RELAY, *is_over).with_for_update(skip_locked=True)
    transaction.execute(delete(budgets).where(budgets.c.name.in_(spent)))


def list_spendings(transaction: Transaction, *, now: datetime, relay: str = RELAY) -> list[Spending]:
    """Return what was spent of a relay's quotas in the last day."""
    query = select(spendings.c.at, spendings.c.letters).filter_by(relay=relay).where(spendings.c.at > now - DAY)
    query = query.order_by(spendings.c.at)
    return [Spending(at, letters) for at, letters in transaction.execute(query)]


def add_spending(transaction: Transaction, letters: int, *, now: datetime, relay: str = RELAY) -> int:
    """Record letters as spent before they leave; return the id by which ``settle_spending`` says how many did."""
    transaction.execute(delete(spendings).where(spendings.c.at <= now - DAY))
    row = insert(spendings).values(at=now, letters=letters, relay=relay).returning(spendings.c.id)
    return int(transaction.execute(row).scalar_one())


def settle_spending(transaction: Transaction, spending: int, letters: int, *, now: datetime) -> None:
    """Record how many letters really left, the last of them now."""
    transaction.execute(update(spendings).filter_by(id=spending).values(at=now, letters=letters))


def find_rest(transaction: Transaction, *, relay: str = RELAY) -> RelayRest | None:
    row = transaction.execute(select(relay_rests).filter_by(name=relay)).one_or_none()
    if row is None:
        return None
    return RelayRest(until=row.until, why=row.why, refusals=row.refusals, refused_since=row.refused_since)


def save_rest(transaction: Transaction, rest: RelayRest, *, relay: str = RELAY) -> None:
    transaction.execute(delete(relay_rests).filter_by(name=relay))
    values = {"until": rest.until, "why": rest.why, "refusals": rest.refusals, "refused_since": rest.refused_since}
    transaction.execute(insert(relay_rests).values(name=relay, **values))


def delete_rest(transaction: Transaction, *, now: datetime, relay: str = RELAY) -> None:
    """Forget a rest that is over, because the relay has accepted a letter since."""
    transaction.execute(delete(relay_rests).filter_by(name=relay).where(relay_rests.c.until <= now))


def _insertion(transaction: Transaction) -> postgresql.Insert | sqlite.Insert:
    if transaction.dialect.name == "postgresql":
        return postgresql.insert(budgets)
    return sqlite.insert(budgets)
