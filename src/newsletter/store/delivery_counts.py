"""What is left of deliveries whose time is over: how many there were, to which domain, and what became of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from newsletter.domain.bounce import BounceKind
from newsletter.domain.mailing import DeliveryStatus
from newsletter.store.database import Transaction
from newsletter.store.tables import delivery_counts, failure_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterCount:
    #: "" for readers who were forgotten before
    domain: str
    status: DeliveryStatus
    #: of withheld and rejected letters
    reason: str | None
    is_resent: bool
    letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCount:
    """Letters that reports were about."""

    domain: str
    kind: BounceKind
    reason: str | None
    letters: int


def list_letter_counts(transaction: Transaction, mailing_id: int) -> list[LetterCount]:
    rows = transaction.execute(select(delivery_counts).filter_by(mailing_id=mailing_id))
    return [
        LetterCount(
            domain=row.domain,
            status=DeliveryStatus(row.status),
            reason=row.reason or None,
            is_resent=row.resent,
            letters=row.letters,
        )
        for row in rows
    ]


def list_failure_counts(transaction: Transaction, mailing_id: int) -> list[FailureCount]:
    rows = transaction.execute(select(failure_counts).filter_by(mailing_id=mailing_id))
    return [
        FailureCount(domain=row.domain, kind=BounceKind(row.kind), reason=row.reason or None, letters=row.letters)
        for row in rows
    ]


def count_statuses(transaction: Transaction, mailing_id: int) -> Counter[DeliveryStatus]:
    """Count the deliveries of a mailing that are only counted any more, by status."""
    found: Counter[DeliveryStatus] = Counter()
    for each in list_letter_counts(transaction, mailing_id):
        found[each.status] += each.letters
    return found
