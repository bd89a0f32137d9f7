"""The audit log: who did what, and when."""

from __future__ import annotations

import getpass
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from newsletter.store.database import Transaction
from newsletter.store.tables import audit_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An entry: who did what to which thing."""

    at: datetime
    actor: str
    act: str
    subject: str


def record_act(
    transaction: Transaction,
    act: str,
    *,
    subject: str,
    detail: Mapping[str, object],
    now: datetime,
    actor: str | None = None,
) -> None:
    """Add an entry. ``subject`` names a thing, never an address; without an ``actor`` it is the account at work."""
    row = {"at": now, "actor": actor or name_account(), "act": act, "subject": subject, "detail": dict(detail)}
    transaction.execute(insert(audit_log).values(row))


def find_last_act(transaction: Transaction, subjects: Collection[str], *, but: Collection[str] = ()) -> Act | None:
    """Return the last act on any of these things, those named ``but`` left out."""
    query = select(audit_log).where(audit_log.c.subject.in_(subjects), audit_log.c.act.not_in(but))
    row = transaction.execute(query.order_by(audit_log.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else Act(at=row.at, actor=row.actor, act=row.act, subject=row.subject)


def name_account() -> str:
    """Return the name of the account that this process runs under."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number without a name
        return "unknown"
