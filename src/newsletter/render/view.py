"""What the templates of an issue are given: one frozen value, the same for HTML and text.

All that needs a decision is decided here (dates, bylines, which links); the templates only place it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from markupsafe import Markup

from newsletter.domain.appearance import Appearance
from newsletter.domain.article import Announcement
from newsletter.domain.issue import Issue, Publisher, Slot, Teaser
from newsletter.domain.partner import PartnerLink
from newsletter.domain.topic import Topic
from newsletter.render.language import Language, Side
from newsletter.render.theme import Theme
from newsletter.render.words import Words, fill_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An article as a letter shows it."""

    headline: str
    url: str
    kicker: str
    text: str
    #: "By Aino Salo and Tomas Brandt"; "" where nobody is named
    byline: str
    minutes: str
    image_url: str
    image_alt: str
    image_credit: str
    #: for earlier articles: why it is shown again
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """An event or a news item as a letter shows it."""

    title: str
    url: str
    text: str
    #: "Thursday, 3 December 2026, 18:00–19:30 (Riga, UTC+2)"; "" for news
    when: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses of the site. The two personal ones end in a marker that becomes a slot."""

    online: str
    archive: str
    unsubscribe: str
    preferences: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """HTML comments that frame what only one topic's readers get."""

    articles: Markup
    events: Markup
    news: Markup
    end: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueView:
    name: str
    language: str
    direction: Literal["ltr", "rtl"]
    #: the side on which lines begin, and the other one
    start: Side
    far: Side
    edition: str
    date: str
    subject: str
    preheader: str
    note: tuple[str, ...]
    lead: Card | None
    features: tuple[Card, ...]
    events: tuple[Notification, ...]
    news: tuple[Notification, ...]
    earlier: tuple[Card, ...]
    partners: tuple[PartnerLink, ...]
    publishers: tuple[Publisher, ...]
    blurb: tuple[str, ...]
    reason: str
    postal_address: tuple[str, ...]
    links: Links
    marks: Marks
    words: Words
    theme: Theme

    def narrow(self, topics: Topic) -> IssueView:
        """Return what readers of ``topics`` get of it."""
        articles = Topic.ARTICLES in topics
        return replace(
            self,
            lead=self.lead if articles else None,
            features=self.features if articles else (),
            earlier=self.earlier if articles else (),
            events=self.events if Topic.EVENTS in topics else (),
            news=self.news if Topic.NEWS in topics else (),
        )


def view_issue(issue: Issue, *, theme: Theme, slots: Mapping[Slot, str], marks: Marks) -> IssueView:
    """Prepare ``issue`` for its templates; ``slots`` are the markers that stand for what is personal."""
    masthead, words, language = issue.masthead, theme.words, Language(issue.masthead.language)
    base = masthead.base_url.rstrip("/")
    return IssueView(
        name=masthead.name,
        language=language.tag,
        direction=language.direction,
        start=language.start,
        far=language.far,
        edition=fill_words(words.edition, number=issue.number),
        date=language.write_date(issue.date),
        subject=issue.subject,
        preheader=issue.preheader,
        note=split_paragraphs(issue.note),
        lead=_view_teaser(issue.lead, theme, language) if issue.lead else None,
        features=tuple(_view_teaser(teaser, theme, language) for teaser in issue.features),
        events=tuple(_view_announcement(event, language) for event in issue.events),
        news=tuple(_view_announcement(item, language) for item in issue.news),
        earlier=tuple(_view_teaser(teaser, theme, language) for teaser in issue.earlier),
        partners=tuple(partner for partner in issue.partners if partner.url),
        publishers=masthead.publishers,
        blurb=split_paragraphs(masthead.blurb),
        reason=fill_words(words.reason, name=masthead.name),
        postal_address=split_address(masthead.postal_address),
        links=Links(
            online=f"{base}/issues/{issue.number}",
            archive=f"{base}/issues",
            unsubscribe=f"{base}/unsubscribe/{slots[Slot.UNSUBSCRIBE]}",
            preferences=f"{base}/preferences/{slots[Slot.PREFERENCES]}",
        ),
        marks=marks,
        words=words,
        theme=theme,
    )


def split_address(postal_address: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in postal_address.splitlines() if line.strip())


def split_paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())


def _view_teaser(teaser: Teaser, theme: Theme, language: Language) -> Card:
    words = theme.words
    has_credit = teaser.image_url and teaser.image_credit  # a credit without its image would puzzle
    return Card(
        headline=teaser.headline,
        url=teaser.url,
        kicker=teaser.kicker,
        text=teaser.text,
        byline=fill_words(words.byline, authors=language.join(teaser.authors)) if teaser.authors else "",
        minutes=fill_words(theme.count(words.minutes, teaser.reading_minutes), minutes=teaser.reading_minutes),
        image_url=teaser.image_url or "",
        image_alt=teaser.image_alt,
        image_credit=fill_words(words.image_credit, credit=teaser.image_credit) if has_credit else "",
        reason=_view_reason(teaser.reason, words),
    )


def _view_reason(reason: str, words: Words) -> str:
    """Say where an earlier article appeared; an editor's other reasons are not for readers."""
    appearance = Appearance.parse(reason)
    if appearance is None:
        return ""
    if appearance.tag:
        return fill_words(words.also_on, tag=appearance.tag, number=appearance.number)
    return fill_words(words.earlier_issue, number=appearance.number)


def _view_announcement(announcement: Announcement, language: Language) -> Notification:
    starts_at = announcement.starts_at
    return Notification(
        title=announcement.title,
        url=announcement.url or "",
        text=announcement.text,
        when=language.write_span(starts_at, announcement.ends_at, announcement.timezone) if starts_at else "",
        place=announcement.place,
    )
