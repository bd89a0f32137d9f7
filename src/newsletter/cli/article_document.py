"""How commands name an article, and what they print of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.output import print_json, say

if TYPE_CHECKING:
    from newsletter.domain.article import StoredArticle

ArticleId = Annotated[int, typer.Argument(metavar="ID", help="As 'articles list' shows it.")]


def print_changed(stored: StoredArticle, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document(stored, with_paragraphs=True))
    else:
        say(sentence)


def name_state(stored: StoredArticle) -> str:
    states = {
        "retracted": stored.retracted_at is not None,
        "needs headline": stored.article.needs_headline,
        "dated by import": stored.dated_by_import,
        "source differs": bool(stored.proposed),
    }
    return ", ".join(name for name, holds in states.items() if holds)


def document(stored: StoredArticle, *, with_paragraphs: bool) -> dict[str, Any]:
    from dataclasses import asdict

    article = stored.article
    return {
        "id": stored.id,
        "headline": article.headline,
        "needs_headline": article.needs_headline,
        "authors": article.authors,
        "standfirst": article.standfirst,
        "sections": [
            {"name": section.name} | ({"paragraphs": section.paragraphs} if with_paragraphs else {})
            for section in article.sections
        ],
        "image": asdict(article.image) if article.image else None,
        "credit": article.credit,
        "biography": article.biography,
        "url": article.url,
        "published_at": article.published_at,
        "tags": article.tags,
        "dated_by_import": stored.dated_by_import,
        "imported_at": stored.imported_at,
        "retracted_at": stored.retracted_at,
        "edited": sorted(stored.edited),
        "proposed": stored.proposed,
    }
