"""The audit log: who did what, and when."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert

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
    row = {"at": now, "actor": actor or _account(), "act": act, "subject": subject, "detail": dict(detail)}
    transaction.execute(insert(audit_log).values(row))


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number without a name
        return "unknown"
