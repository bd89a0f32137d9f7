"""Searching the articles: what counts as a word, alike in every database and language."""

from __future__ import annotations

import re
import unicodedata

from newsletter.domain.article import Article

_WORD = re.compile(r"\w+")
_MOST_WORDS = 12


def fold(text: str) -> str:
    """Return the text as it is compared: no case, no accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def read_query(text: str) -> tuple[str, ...]:
    """Return the words that somebody looks for, as they are compared; every one of them has to begin a word."""
    return tuple(_WORD.findall(fold(text))[:_MOST_WORDS])


def list_searched(article: Article) -> tuple[str, str, str]:
    """Return an article's headline, its authors, and the rest of it, as they are compared."""
    paragraphs = [paragraph for section in article.sections for paragraph in (section.name, *section.paragraphs)]
    rest = "\n".join([article.standfirst, *paragraphs, *article.tags])
    return fold(article.headline), fold("\n".join(article.authors)), fold(rest)
