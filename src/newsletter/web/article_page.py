"""The page of one article: as readers see it on the site, and editors before them."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.domain.article import StoredArticle, cut_teaser
from newsletter.domain.issue import Masthead
from newsletter.domain.picture import Picture

#: characters of a summary in lists and for those who show a link to the page
SUMMARY = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    masthead: Masthead
    stored: StoredArticle
    #: the article's, where one is stored
    picture: Picture | None = None

    @property
    def standfirst(self) -> list[str]:
        return self.stored.article.standfirst.split("\n\n")

    @property
    def biography(self) -> list[str]:
        return self.stored.article.biography.split("\n\n")

    @property
    def byline(self) -> str:
        return join_names(self.stored.article.authors)

    @property
    def summary(self) -> str:
        return cut_teaser(self.stored.article.standfirst, limit=SUMMARY)

    @property
    def image_credit(self) -> str:
        image = self.stored.article.image
        parts = (image.author, image.licence, image.source) if image else ()
        return ", ".join(filter(None, parts)) or self.stored.article.credit


def join_names(names: tuple[str, ...]) -> str:
    *others, last = names or ("",)
    return f"{', '.join(others)} and {last}" if others else last
