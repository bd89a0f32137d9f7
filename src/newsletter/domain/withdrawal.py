"""What readers may no longer see: an article that was retracted, a name that was taken off."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from newsletter.domain.article import Article, Image, Section
from newsletter.domain.body import replace_in_blocks, write_blocks
from newsletter.domain.html_reader import read_html
from newsletter.domain.issue import ItemSlot, PublishedIssue

#: What stands where a name stood.
NO_NAME = "[name withdrawn]"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnItem:
    """An article that was retracted after an issue had carried it."""

    number: int
    slot: ItemSlot
    article_id: int
    #: its own address; None where it is read on the site alone
    url: str | None
    #: in the issue
    headline: str


def conceal_names(text: str, names: Collection[str]) -> str:
    """Put NO_NAME in the place of each of these names; the longer name goes first, which may hold a shorter one."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, NO_NAME)
    return text


def without_names(article: Article, names: Collection[str]) -> Article:
    """Give the article as readers may see it: without these bylines, biographies of theirs, and their names in it."""
    if not names or not any(name in text for name in names for text in _list_texts(article)):
        return article

    def clean(text: str) -> str:
        return conceal_names(text, names)

    authors = tuple(author for author in article.authors if author not in names)
    biography = [part for part in article.biography.split("\n\n") if not any(name in part for name in names)]
    return replace(
        article,
        headline=clean(article.headline),
        authors=authors,
        standfirst=clean(article.standfirst),
        sections=tuple(
            Section(name=clean(part.name), paragraphs=tuple(clean(text) for text in part.paragraphs))
            for part in article.sections
        ),
        body_html=None if article.body_html is None else _clean_body(article.body_html, names),
        image=None if article.image is None else _clean_image(article.image, names),
        credit=clean(article.credit),
        # With nobody left whom it could be about, all of it goes.
        biography="\n\n".join(biography) if authors else "",
        tags=tuple(clean(tag) for tag in article.tags),
    )


def conceal_issue(issue: PublishedIssue, items: Iterable[WithdrawnItem], names: Collection[str]) -> PublishedIssue:
    """Give an issue's lines in lists and feeds without what was withdrawn: subjects are made of headlines."""
    items = tuple(items)
    is_told = any(item.slot is ItemSlot.LEAD or item.headline in issue.subject for item in items)
    return replace(
        issue,
        subject=f"Issue {issue.number}" if is_told else conceal_names(issue.subject, names),
        preheader="" if items else conceal_names(issue.preheader, names),
    )


def _clean_body(html: str, names: Collection[str]) -> str:
    """Take the names out of a body, those too that its markup parts: half of one in italics, an ampersand in it."""
    cleaned = conceal_names(html, names)
    blocks = read_html(cleaned).blocks
    concealed = blocks
    for name in sorted(names, key=len, reverse=True):
        concealed = replace_in_blocks(concealed, name, NO_NAME)
    return cleaned if concealed == blocks else write_blocks(concealed)


def _clean_image(image: Image, names: Collection[str]) -> Image:
    return replace(image, alt=conceal_names(image.alt, names), author=conceal_names(image.author, names))


def _list_texts(article: Article) -> list[str]:
    image = article.image or Image()
    texts = [article.headline, *article.authors, article.standfirst, article.credit, article.biography]
    texts += [article.body_html or "", image.alt, image.author, *article.tags]
    return texts + [text for part in article.sections for text in (part.name, *part.paragraphs)]
