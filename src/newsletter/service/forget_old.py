"""Retention: forget by itself what is of no use any more."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.address_change import UNDO_WITHIN
from newsletter.domain.list_import import KEPT_FOR
from newsletter.domain.sign_in import IDLE, LONGEST, TRIES_OVER
from newsletter.domain.sign_up import CONFIRM_WITHIN, COUNTED_OVER, ONCE_IN
from newsletter.log import log
from newsletter.store import address_changes, budgets, list_imports, sign_ins, sign_ups
from newsletter.store.database import Database
from newsletter.store.subscribers import delete_unconfirmed


def forget_old(*, database: Database, now: datetime) -> None:
    """Delete unconfirmed sign-ups, sign-ins that ran out, old lists and addresses, and what limits counted."""
    with database.transaction() as transaction:
        deleted = delete_unconfirmed(transaction, before=now - CONFIRM_WITHIN)
        sign_ups.delete_old(transaction, requests_before=now - COUNTED_OVER, turns_before=now - ONCE_IN)
        sign_ins.delete_old(
            transaction, tries_before=now - TRIES_OVER, seen_before=now - IDLE, begun_before=now - LONGEST
        )
        address_changes.forget_addresses(transaction, before=now - UNDO_WITHIN)
        budgets.delete_spent(transaction, now=now)
        list_imports.delete_old(transaction, before=now - KEPT_FOR)
    if deleted:
        log.info("unconfirmed sign-ups deleted", count=deleted)
