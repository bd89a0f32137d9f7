"""The locks of mailings and their batches, and the one order in which everybody takes them.

A transaction locks the mailing first, then its batches in the order of their numbers, then deliveries, then what the
relay allows (``store.budgets``). It may begin further down and leave steps out, but it never goes back up: two that
wait for each other are a deadlock, which ends a worker or an editor's cancel. Mailings, where there are several, come
in the order of their ids. A claim under a rate takes the relay's row first; the batch after it is one that nobody has
locked (SKIP LOCKED), so it waits for none. SQLite has one writer, and locks nothing here.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from newsletter.domain.mailing import MailingStatus
from newsletter.store.database import Transaction
from newsletter.store.tables import batches, mailings


def lock_mailing(transaction: Transaction, mailing_id: int) -> MailingStatus | None:
    """Keep others from changing a mailing until this transaction ends; return its status, None if it is gone."""
    held = select(mailings.c.status).where(mailings.c.id == mailing_id).with_for_update(key_share=True)
    status = transaction.scalar(held)
    return None if status is None else MailingStatus(status)


def lock_batches(transaction: Transaction, mailing_id: int, *which: ColumnElement[bool]) -> list[int]:
    """Keep workers from claiming, recording in and giving back batches of a mailing; return their numbers.

    The statements that follow see what was recorded until then. Without ``which``, all batches.
    """
    query = select(batches.c.number).where(batches.c.mailing_id == mailing_id, *which).order_by(batches.c.number)
    return list(transaction.scalars(query.with_for_update(key_share=True)))
