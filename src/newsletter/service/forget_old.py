"""Retention: forget by itself what is of no use any more."""

from __future__ import annotations

from datetime import datetime

import structlog

from newsletter.domain.sign_up import CONFIRM_WITHIN, COUNTED_OVER, ONCE_IN
from newsletter.store import sign_ups
from newsletter.store.database import Database
from newsletter.store.subscribers import delete_unconfirmed

log = structlog.get_logger(__name__)


def forget_old(*, database: Database, now: datetime) -> None:
    """Delete sign-ups that nobody confirmed in time, and what was counted for limits that have passed."""
    with database.transaction() as transaction:
        deleted = delete_unconfirmed(transaction, before=now - CONFIRM_WITHIN)
        sign_ups.delete_old(transaction, requests_before=now - COUNTED_OVER, turns_before=now - ONCE_IN)
    if deleted:
        log.info("unconfirmed sign-ups deleted", count=deleted)
