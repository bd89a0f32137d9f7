"""Find an article among those that readers may read."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TypeAlias

from litestar.params import QueryParameter
from litestar.response import Template

from newsletter.domain.article import StoredArticle
from newsletter.domain.search import read_query
from newsletter.domain.withdrawal import without_names
from newsletter.site.collaborators import Now, TheDatabase, TheMasthead
from newsletter.site.pages import Found, SearchPage
from newsletter.store.article_index import find_articles
from newsletter.store.articles import find_article
from newsletter.store.database import Transaction
from newsletter.store.withdrawals import list_withdrawn_names
from newsletter.web.pages import page, show

_MOST = 50
_LONGEST_QUERY = 200

Query: TypeAlias = Annotated[str, QueryParameter(name="q")]


@page("/search")
def search(masthead: TheMasthead, database: TheDatabase, now: Now, words: Query = "") -> Template:
    asked = " ".join(words[:_LONGEST_QUERY].split())
    with database.snapshot() as snapshot:
        ids = find_articles(snapshot, read_query(asked), now=now, most=_MOST)
        names = list_withdrawn_names(snapshot)
        found = tuple(Found.of(_find(snapshot, article_id, names)) for article_id in ids)
    return show("search.html.j2", SearchPage(masthead=masthead, query=asked, found=found, is_cut=len(found) == _MOST))


def _find(snapshot: Transaction, article_id: int, names: frozenset[str]) -> StoredArticle:
    stored = find_article(snapshot, article_id)
    return replace(stored, article=without_names(stored.article, names))
