"""What was withdrawn after readers could see it: articles out of mailed issues, and names."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, insert, select

from newsletter.domain.issue import IssueStatus, ItemSlot
from newsletter.domain.withdrawal import WithdrawnItem
from newsletter.store.database import Transaction
from newsletter.store.tables import articles, issue_items, issues, withdrawn_bylines


def list_withdrawn_items(transaction: Transaction, number: int | None = None) -> list[WithdrawnItem]:
    """Give the retracted articles that mailed issues carried, or that one of them did."""
    query = (
        select(
            issues.c.number,
            issue_items.c.slot,
            articles.c.id,
            articles.c.url,
            func.coalesce(issue_items.c.headline, articles.c.headline).label("headline"),
        )
        .join_from(issue_items, issues, issues.c.id == issue_items.c.issue_id)
        .join(articles, articles.c.id == issue_items.c.article_id)
        .where(articles.c.retracted_at.is_not(None), issues.c.status == IssueStatus.MAILED)
        .order_by(issues.c.number, issue_items.c.position)
    )
    if number is not None:
        query = query.where(issues.c.number == number)
    return [
        WithdrawnItem(number=row.number, slot=ItemSlot(row.slot), article_id=row.id, url=row.url, headline=row.headline)
        for row in transaction.execute(query)
    ]


def list_withdrawn_names(transaction: Transaction) -> frozenset[str]:
    return frozenset(transaction.scalars(select(withdrawn_bylines.c.name)))


def withdraw_name(transaction: Transaction, name: str, *, now: datetime) -> bool:
    """Take a name off; tell whether it stood until now."""
    if name in list_withdrawn_names(transaction):
        return False
    transaction.execute(insert(withdrawn_bylines).values(name=name, withdrawn_at=now))
    return True


def restore_name(transaction: Transaction, name: str) -> bool:
    """Let a name stand again; tell whether it was withdrawn."""
    return transaction.execute(delete(withdrawn_bylines).filter_by(name=name)).rowcount > 0
