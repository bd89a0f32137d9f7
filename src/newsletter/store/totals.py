"""Totals of mailings: written down when one ends, counted while it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import delete, func, insert, literal, select

from newsletter.domain.mailing import DeliveryStatus, Mailing, MailingStatus
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import count_statuses
from newsletter.store.tables import deliveries, mailing_totals


def keep_totals(transaction: Transaction, mailing_id: int) -> None:
    """Write down what became of the letters of a mailing that ends now."""
    transaction.execute(delete(mailing_totals).where(mailing_totals.c.mailing_id == mailing_id))
    counted = (
        select(literal(mailing_id), deliveries.c.status, func.count())
        .where(deliveries.c.mailing_id == mailing_id)
        .group_by(deliveries.c.status)
    )
    transaction.execute(insert(mailing_totals).from_select(["mailing_id", "status", "letters"], counted))


def list_totals(transaction: Transaction, asked: Iterable[Mailing]) -> dict[int, Counter[DeliveryStatus]]:
    """Return what became of the letters of each of some mailings, by the mailing's id."""
    found: dict[int, Counter[DeliveryStatus]] = {}
    for mailing in asked:
        if mailing.status is MailingStatus.FINISHED:
            query = select(mailing_totals.c.status, mailing_totals.c.letters).filter_by(mailing_id=mailing.id)
        else:
            query = (
                select(deliveries.c.status, func.count())
                .where(deliveries.c.mailing_id == mailing.id)
                .group_by(deliveries.c.status)
            )
            found[mailing.id] = count_statuses(transaction, mailing.id)  # of what is only counted any more
            found[mailing.id].update({DeliveryStatus(row[0]): row[1] for row in transaction.execute(query)})
            continue
        found[mailing.id] = Counter({DeliveryStatus(row[0]): row[1] for row in transaction.execute(query)})
    return found
