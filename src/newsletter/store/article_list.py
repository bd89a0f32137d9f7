"""Articles as a list for editors: where each stands, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Text, case, cast, func, select

from newsletter.domain.article import ArticleState
from newsletter.domain.issue import IssueStatus, ItemSlot
from newsletter.store.database import Transaction
from newsletter.store.tables import articles, issue_items, issues


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedArticle:
    """One line of the list."""

    id: int
    headline: str
    authors: tuple[str, ...]
    published_at: datetime
    state: ArticleState
    #: the issue that it is in (as an earlier article does not count), or was first published in
    issue: int | None
    dated_by_import: bool
    #: its source proposes something
    is_differing: bool


_IS_MAILED = issues.c.status == IssueStatus.MAILED
_USED = (
    select(
        issue_items.c.article_id,
        func.max(case((~_IS_MAILED & (issue_items.c.slot != ItemSlot.EARLIER), issues.c.number))).label("draft"),
        func.min(case((_IS_MAILED, issues.c.number))).label("published"),
    )
    .join(issues, issues.c.id == issue_items.c.issue_id)
    .where(issue_items.c.article_id.is_not(None))
    .group_by(issue_items.c.article_id)
    .subquery("used")
)
_STATE: ColumnElement[str] = case(
    (articles.c.retracted_at.is_not(None), ArticleState.RETRACTED.value),
    (_USED.c.draft.is_not(None), ArticleState.IN_ISSUE.value),
    (_USED.c.published.is_not(None), ArticleState.PUBLISHED.value),
    (articles.c.needs_headline, ArticleState.NEEDS_HEADLINE.value),
    else_=ArticleState.READY.value,
)
_JOINED = articles.outerjoin(_USED, _USED.c.article_id == articles.c.id)


def list_page(transaction: Transaction, *, state: ArticleState | None, skip: int, count: int) -> list[ListedArticle]:
    """Give ``count`` articles after the first ``skip``, the newest first; of one state, or of all but retracted."""
    query = _select().where(articles.c.retracted_at.is_(None) if state is None else _STATE.in_([state.value]))
    query = query.order_by(articles.c.published_at.desc(), articles.c.id)
    return [_read(row) for row in transaction.execute(query.offset(skip).limit(count))]


def list_these(transaction: Transaction, ids: Sequence[int], *, state: ArticleState | None) -> list[ListedArticle]:
    """Give these articles in this order; of one state, or of all."""
    found = {row.id: _read(row) for row in transaction.execute(_select().where(articles.c.id.in_(ids)))}
    listed = (found[article_id] for article_id in ids if article_id in found)
    return [article for article in listed if state is None or article.state is state]


def count_states(transaction: Transaction) -> dict[ArticleState, int]:
    """Count the articles of each state that there is one of."""
    state = _STATE.label("state")
    query = select(state, func.count()).select_from(_JOINED).group_by(state)
    return {ArticleState(name): count for name, count in transaction.execute(query)}


def _select() -> Select[Any]:
    return select(
        articles.c.id,
        articles.c.headline,
        articles.c.authors,
        articles.c.published_at,
        articles.c.dated_by_import,
        (cast(articles.c.proposed, Text) != "{}").label("is_differing"),
        _STATE.label("state"),
        func.coalesce(_USED.c.draft, _USED.c.published).label("issue"),
    ).select_from(_JOINED)


def _read(row: Row[Any]) -> ListedArticle:
    return ListedArticle(
        id=row.id,
        headline=row.headline,
        authors=tuple(row.authors),
        published_at=row.published_at,
        state=ArticleState(row.state),
        issue=row.issue,
        dated_by_import=bool(row.dated_by_import),
        is_differing=bool(row.is_differing),
    )
