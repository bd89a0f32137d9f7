"""What articles are called, without their text: for lists of many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast, func, or_, select

from newsletter.domain.mailing import MailingKind
from newsletter.store.database import Transaction
from newsletter.store.tables import articles, issue_items, issues, mailings


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleTitle:
    id: int
    headline: str
    authors: tuple[str, ...]
    published_at: datetime
    #: number of the first issue that mailed it
    carried_by: int | None


def list_titles(
    transaction: Transaction, *, words: Sequence[str], published_by: datetime, most: int
) -> list[ArticleTitle]:
    """Return articles that may be shown, with all ``words`` in headline or authors.

    Those that no issue has mailed come first; among them, and among the others, the newest.
    """
    carried = (
        select(issue_items.c.article_id, func.min(issues.c.number).label("number"))
        .join(issues, issues.c.id == issue_items.c.issue_id)
        .join(mailings, (mailings.c.issue_id == issues.c.id) & (mailings.c.kind == MailingKind.ISSUE))
        .where(issue_items.c.article_id.is_not(None))
        .group_by(issue_items.c.article_id)
        .subquery()
    )
    query = (
        select(articles.c.id, articles.c.headline, articles.c.authors, articles.c.published_at, carried.c.number)
        .join(carried, carried.c.article_id == articles.c.id, isouter=True)
        .where(articles.c.retracted_at.is_(None), articles.c.published_at <= published_by)
        .order_by(carried.c.number.is_not(None), articles.c.published_at.desc(), articles.c.id)
        .limit(most)
    )
    for word in words:
        query = query.where(
            or_(
                articles.c.headline.icontains(word, autoescape=True),
                cast(articles.c.authors, Text).icontains(json.dumps(word)[1:-1], autoescape=True),  # as JSON has it
            )
        )
    return [
        ArticleTitle(
            id=row.id,
            headline=row.headline,
            authors=tuple(row.authors),
            published_at=row.published_at,
            carried_by=row.number,
        )
        for row in transaction.execute(query)
    ]
