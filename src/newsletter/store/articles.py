"""Articles."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Text, cast, insert, or_, select, text, update

from newsletter.domain.article import Article, Image, Section, StoredArticle
from newsletter.domain.issue import IssueStatus
from newsletter.errors import NotFoundError
from newsletter.store.article_index import enter_article
from newsletter.store.database import Transaction
from newsletter.store.tables import articles, issue_items, issues


def lock_articles(transaction: Transaction) -> None:
    """Let no other transaction write articles until this one ends; SQLite has one writer anyway."""
    if transaction.dialect.name == "postgresql":
        transaction.execute(text("LOCK TABLE articles IN SHARE ROW EXCLUSIVE MODE"))


def add_article(transaction: Transaction, article: Article, *, now: datetime) -> StoredArticle:
    """Store a new article; one without a date gets ``now``, and says so."""
    values = _values(article) | {
        "published_at": article.published_at or now,
        "dated_by_import": article.published_at is None,
        "edited": [],
        "sourced": {},
        "proposed": {},
        "imported_at": now,
    }
    article_id = transaction.execute(insert(articles).values(values).returning(articles.c.id)).scalar_one()
    enter_article(transaction, article_id, article)
    return find_article(transaction, article_id)


def update_article(transaction: Transaction, stored: StoredArticle) -> None:
    values = _values(stored.article) | {
        "published_at": stored.article.published_at,
        "dated_by_import": stored.dated_by_import,
        "edited": sorted(stored.edited),
        "sourced": stored.sourced,
        "proposed": stored.proposed,
        "retracted_at": stored.retracted_at,
    }
    transaction.execute(update(articles).where(articles.c.id == stored.id).values(values))
    enter_article(transaction, stored.id, stored.article)


def find_article(transaction: Transaction, article_id: int) -> StoredArticle:
    """Find an article, retracted or not; raises NotFoundError."""
    row = transaction.execute(select(articles).where(articles.c.id == article_id)).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no article {article_id}; 'newsletter articles list' shows those that are stored."
        )
    return _read(row)


def find_articles(transaction: Transaction, ids: Collection[int]) -> dict[int, StoredArticle]:
    """Find several articles at once, retracted or not, by id."""
    return {row.id: _read(row) for row in transaction.execute(select(articles).where(articles.c.id.in_(ids)))}


def is_mailed(transaction: Transaction, article_id: int) -> bool:
    """Tell whether an issue has gone out with this article, or its mailing is open."""
    carried = select(issue_items.c.article_id).filter_by(article_id=article_id).join(issues)
    return transaction.scalar(carried.where(issues.c.status == IssueStatus.MAILED).limit(1)) is not None


def find_article_by_url(transaction: Transaction, url: str) -> StoredArticle | None:
    row = transaction.execute(select(articles).where(articles.c.url == url)).one_or_none()
    return _read(row) if row else None


def list_articles(transaction: Transaction, *, with_retracted: bool = False) -> list[StoredArticle]:
    """Give all articles, the newest first, those of one time in the order in which they came."""
    query = select(articles).order_by(articles.c.published_at.desc(), articles.c.id)
    if not with_retracted:
        query = query.where(articles.c.retracted_at.is_(None))
    return [_read(row) for row in transaction.execute(query)]


def list_articles_by(transaction: Transaction, authors: tuple[str, ...]) -> list[StoredArticle]:
    """Give the articles of exactly these authors, and those whose authors an editor has changed; retracted ones too."""
    query = (
        select(articles)
        .where(
            or_(
                cast(articles.c.authors, Text) == json.dumps(authors),
                cast(articles.c.edited, Text).contains('"authors"', autoescape=True),
            )
        )
        .order_by(articles.c.id)
    )
    return [_read(row) for row in transaction.execute(query)]


def _values(article: Article) -> dict[str, Any]:
    return {
        "url": article.url,
        "headline": article.headline,
        "needs_headline": article.needs_headline,
        "authors": list(article.authors),
        "standfirst": article.standfirst,
        "sections": [{"name": section.name, "paragraphs": list(section.paragraphs)} for section in article.sections],
        "body_html": article.body_html,
        "image": asdict(article.image) if article.image else None,
        "credit": article.credit,
        "biography": article.biography,
        "tags": list(article.tags),
    }


def _read(row: Row[Any]) -> StoredArticle:
    article = Article(
        headline=row.headline,
        needs_headline=row.needs_headline,
        authors=tuple(row.authors),
        standfirst=row.standfirst,
        sections=tuple(Section(name=part["name"], paragraphs=tuple(part["paragraphs"])) for part in row.sections),
        body_html=row.body_html,
        image=Image(**row.image) if row.image else None,
        credit=row.credit,
        biography=row.biography,
        url=row.url,
        published_at=row.published_at,
        tags=tuple(row.tags),
    )
    return StoredArticle(
        id=row.id,
        article=article,
        imported_at=row.imported_at,
        edited=frozenset(row.edited),
        sourced=row.sourced,
        proposed=row.proposed,
        dated_by_import=row.dated_by_import,
        retracted_at=row.retracted_at,
    )
