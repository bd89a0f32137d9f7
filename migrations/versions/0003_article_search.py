"""The index by which readers find articles; filled from those that are stored."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE article_index USING fts5 (headline, authors, rest)")
        enter = "INSERT INTO article_index (rowid, headline, authors, rest) VALUES (:id, :headline, :authors, :rest)"
    else:
        op.execute("CREATE TABLE article_index (article_id bigint PRIMARY KEY, words tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_article_index_words ON article_index USING gin (words)")
        enter = (
            "INSERT INTO article_index (article_id, words) VALUES (:id,"
            " setweight(to_tsvector('simple', :headline), 'A') || setweight(to_tsvector('simple', :authors), 'B')"
            " || to_tsvector('simple', :rest))"
        )
    stored = sa.text("SELECT id, headline, authors, standfirst, sections, tags FROM articles")
    for row in op.get_bind().execute(stored).all():
        sections = [part for each in _load(row.sections) for part in (each["name"], *each["paragraphs"])]
        values = {
            "id": row.id,
            "headline": _fold(row.headline),
            "authors": _fold("\n".join(_load(row.authors))),
            "rest": _fold("\n".join([row.standfirst, *sections, *_load(row.tags)])),
        }
        op.get_bind().execute(sa.text(enter), values)


def downgrade() -> None:
    op.execute("DROP TABLE article_index")


def _load(value: Any) -> Any:  # noqa: ANN401 - JSON
    return json.loads(value) if isinstance(value, str) else value


def _fold(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
