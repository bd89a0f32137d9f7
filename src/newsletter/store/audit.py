"""The audit log: who did what, and when."""

from __future__ import annotations

import getpass
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from newsletter.domain.act import Act
from newsletter.store.database import Transaction
from newsletter.store.tables import audit_log


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
    return None if row is None else _read(row)


def list_acts(
    transaction: Transaction, *, actor: str = "", act: str = "", subject: str = "", before: int | None = None, most: int
) -> tuple[Act, ...]:
    """Return the latest entries first: of one actor, of one kind, about one thing; ``before`` is the id of an entry."""
    query = select(audit_log).order_by(audit_log.c.id.desc()).limit(most)
    for column, wanted in ((audit_log.c.actor, actor), (audit_log.c.act, act), (audit_log.c.subject, subject)):
        if wanted:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(audit_log.c.id < before)
    return tuple(map(_read, transaction.execute(query)))


def list_actors(transaction: Transaction) -> tuple[str, ...]:
    return tuple(transaction.scalars(select(audit_log.c.actor).distinct().order_by(audit_log.c.actor)))


def list_kinds(transaction: Transaction) -> tuple[str, ...]:
    return tuple(transaction.scalars(select(audit_log.c.act).distinct().order_by(audit_log.c.act)))


def _read(row: Row[Any]) -> Act:
    return Act(id=row.id, at=row.at, actor=row.actor, act=row.act, subject=row.subject, detail=row.detail)


def name_account() -> str:
    """Return the name of the account that this process runs under."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number without a name
        return "unknown"
