"""The index by which articles are found: FTS5 on SQLite, a text search vector on Postgres.

It holds nothing of its own; each article that is stored is entered again, and one that is retracted is taken out.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, text

from newsletter.domain.article import Article
from newsletter.domain.search import list_searched
from newsletter.domain.withdrawal import without_names
from newsletter.store.database import Transaction
from newsletter.store.tables import Moment
from newsletter.store.withdrawals import list_withdrawn_names

#: A word of the headline counts ten times, a name five times as much as one of the text.
_FIND = {
    "sqlite": """
        SELECT articles.id FROM article_index JOIN articles ON articles.id = article_index.rowid
        WHERE article_index MATCH :words {condition}
        ORDER BY bm25(article_index, 10.0, 5.0, 1.0), published_at DESC LIMIT :most""",
    "postgresql": """
        SELECT articles.id FROM article_index JOIN articles ON articles.id = article_index.article_id,
            to_tsquery('simple', :words) AS query
        WHERE article_index.words @@ query {condition}
        ORDER BY ts_rank('{0.1, 0.1, 0.5, 1.0}', article_index.words, query) DESC, published_at DESC LIMIT :most""",
}
# What has no headline is unfinished, unless an issue has gone out with one of its own for it.
_FOR_READERS = """
    AND published_at <= :now AND retracted_at IS NULL AND (NOT needs_headline OR EXISTS (
        SELECT 1 FROM issue_items JOIN issues ON issues.id = issue_items.issue_id
        WHERE issue_items.article_id = articles.id AND issues.status = 'mailed'))"""
_ENTER = {
    "sqlite": "INSERT INTO article_index (rowid, headline, authors, rest) VALUES (:id, :headline, :authors, :rest)",
    "postgresql": """
        INSERT INTO article_index (article_id, words) VALUES (:id,
            setweight(to_tsvector('simple', :headline), 'A') || setweight(to_tsvector('simple', :authors), 'B')
            || to_tsvector('simple', :rest))""",
}
_TAKE_OUT = {
    "sqlite": "DELETE FROM article_index WHERE rowid = :id",
    "postgresql": "DELETE FROM article_index WHERE article_id = :id",
}


def enter_article(transaction: Transaction, article_id: int, article: Article) -> None:
    """Enter an article, or enter it anew; names that were withdrawn are not found."""
    take_out(transaction, article_id)
    headline, authors, rest = list_searched(without_names(article, list_withdrawn_names(transaction)))
    row = {"id": article_id, "headline": headline, "authors": authors, "rest": rest}
    transaction.execute(text(_ENTER[transaction.dialect.name]), row)


def take_out(transaction: Transaction, article_id: int) -> None:
    transaction.execute(text(_TAKE_OUT[transaction.dialect.name]), {"id": article_id})


def find_articles(transaction: Transaction, words: tuple[str, ...], *, now: datetime, most: int) -> list[int]:
    """Return the articles that have all these words (see ``domain.search.read_query``), the best ones first.

    Only what readers may read by ``now`` is found.
    """
    return _find(transaction, words, now=now, most=most)


def find_any(transaction: Transaction, words: tuple[str, ...], *, most: int) -> list[int]:
    """Return the articles that have all these words, for editors: retracted ones and those of tomorrow too."""
    return _find(transaction, words, now=None, most=most)


def _find(transaction: Transaction, words: tuple[str, ...], *, now: datetime | None, most: int) -> list[int]:
    if not words:
        return []
    if transaction.dialect.name == "sqlite":
        query = " ".join(f'"{word}"*' for word in words)
    else:
        query = " & ".join(f"'{word}':*" for word in words)
    condition = "" if now is None else _FOR_READERS
    find = text(_FIND[transaction.dialect.name].replace("{condition}", condition))
    asked = {"words": query, "most": most}
    if now is not None:
        find = find.bindparams(bindparam("now", value=now, type_=Moment))
    return list(transaction.execute(find, asked).scalars())
