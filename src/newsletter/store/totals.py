"""Totals of mailings: written down when one ends, counted while it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from newsletter.domain.mailing import DeliveryStatus, Mailing, MailingStatus
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import count_statuses
from newsletter.store.tables import mailing_totals


def keep_totals(transaction: Transaction, mailing_id: int) -> None:
    """Write down what became of the letters of a mailing that ends now."""
    transaction.execute(delete(mailing_totals).where(mailing_totals.c.mailing_id == mailing_id))
    rows = [
        {"mailing_id": mailing_id, "status": status, "letters": letters}
        for status, letters in count_statuses(transaction, mailing_id).items()
    ]
    if rows:
        transaction.execute(insert(mailing_totals), rows)


def list_totals(transaction: Transaction, asked: Iterable[Mailing]) -> dict[int, Counter[DeliveryStatus]]:
    """Return what became of the letters of each of some mailings, by the mailing's id."""
    found: dict[int, Counter[DeliveryStatus]] = {}
    for mailing in asked:
        if mailing.status is MailingStatus.FINISHED:
            query = select(mailing_totals.c.status, mailing_totals.c.letters).filter_by(mailing_id=mailing.id)
            found[mailing.id] = Counter({DeliveryStatus(row[0]): row[1] for row in transaction.execute(query)})
        else:
            found[mailing.id] = count_statuses(transaction, mailing.id)
    return found
