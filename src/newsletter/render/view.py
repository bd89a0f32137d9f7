"""What the templates of an issue are given: one frozen value, the same for HTML and text.

All that needs a decision is decided here (dates, bylines, which links); the templates only place it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from markupsafe import Markup

from newsletter.domain.appearance import Appearance
from newsletter.domain.article import StoredAnnouncement
from newsletter.domain.issue import Issue, Publisher, Slot, Teaser
from newsletter.domain.partner import PartnerLink
from newsletter.domain.picture import Picture
from newsletter.domain.topic import Topic
from newsletter.render.language import Language, Side
from newsletter.render.theme import Theme
from newsletter.render.words import Words, fill_words

# CSS pixels, of a letter 600 wide. Pictures are stored at up to twice that, for dense screens.
_LEAD_WIDTH = 528
_FEATURE_WIDTH = 168
_MASTHEAD = (320, 96)
_LOGO = (120, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture at the size at which it is shown on a wide screen, in CSS pixels."""

    url: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An article as a letter shows it."""

    headline: str
    #: its line in the table of contents: "1. The Ferry That Outlived Three Treaties"
    entry: str
    url: str
    kicker: str
    text: str
    #: "By Aino Salo and Tomas Brandt"; "" where nobody is named
    byline: str
    minutes: str
    image: Figure | None
    image_credit: str
    #: for earlier articles: why it is shown again
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """An event or a news item as a letter shows it."""

    title: str
    #: its line in the table of contents: "Event: Who Keeps the Lights?"
    entry: str
    url: str
    text: str
    #: "Thursday, 3 December 2026, 18:00–19:30 (Riga, UTC+2)"; "" for news
    when: str
    place: str
    #: a link to its calendar entry, and its words; "" for news
    calendar_url: str
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A publisher or a partner."""

    name: str
    url: str
    text: str
    #: BCP 47, where the name is foreign; else ""
    language: str
    logo: Figure | None


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
    logo: Figure | None
    language: str
    direction: Literal["ltr", "rtl"]
    #: the side on which lines begin, and the other one
    start: Side
    far: Side
    #: how the editors' note is set apart: slanting does not suit scripts whose letters join
    slant: Literal["italic", "normal"]
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
    partners: tuple[Name, ...]
    publishers: tuple[Name, ...]
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
        logo=_view_logo(masthead.logos.get(masthead.logo), base, alt=masthead.name, box=_MASTHEAD),
        language=language.tag,
        direction=language.direction,
        start=language.start,
        far=language.far,
        slant="italic" if language.direction == "ltr" else "normal",
        edition=fill_words(words.edition, number=issue.number),
        date=language.write_date(issue.date),
        subject=issue.subject,
        preheader=issue.preheader,
        note=split_paragraphs(issue.note),
        lead=_view_teaser(issue.lead, theme, language, width=_LEAD_WIDTH, place=1) if issue.lead else None,
        features=tuple(
            _view_teaser(teaser, theme, language, width=_FEATURE_WIDTH, place=place)
            for place, teaser in enumerate(issue.features, start=2 if issue.lead else 1)
        ),
        events=tuple(_view_announcement(event, words, language, base) for event in issue.events),
        news=tuple(_view_announcement(item, words, language, base) for item in issue.news),
        earlier=tuple(_view_teaser(teaser, theme, language, width=_FEATURE_WIDTH) for teaser in issue.earlier),
        partners=tuple(
            _view_name(partner, partner.text, issue.logos, base) for partner in issue.partners if partner.url
        ),
        publishers=tuple(_view_name(publisher, "", masthead.logos, base) for publisher in masthead.publishers),
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


def _view_teaser(teaser: Teaser, theme: Theme, language: Language, *, width: int, place: int = 0) -> Card:
    words = theme.words
    has_credit = teaser.image_url and teaser.image_credit  # a credit without its image would puzzle
    return Card(
        headline=teaser.headline,
        entry=f"{place}. {teaser.headline}",
        url=teaser.url,
        kicker=teaser.kicker,
        text=teaser.text,
        byline=fill_words(words.byline, authors=language.join(teaser.authors)) if teaser.authors else "",
        minutes=fill_words(theme.count(words.minutes, teaser.reading_minutes), minutes=teaser.reading_minutes),
        image=_view_image(teaser, width=width),
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


def _view_image(teaser: Teaser, *, width: int) -> Figure | None:
    if teaser.image_url is None:
        return None
    height = round(width * teaser.image_height / teaser.image_width) if teaser.image_width else 0
    return Figure(url=teaser.image_url, alt=teaser.image_alt, width=width, height=height)


def _view_name(named: PartnerLink | Publisher, text: str, logos: Mapping[str, Picture], base: str) -> Name:
    # The name stands beside its logo, so the logo itself says nothing.
    logo = _view_logo(logos.get(named.logo or ""), base, alt="", box=_LOGO)
    return Name(name=named.name, url=named.url or "", text=text, language=named.language, logo=logo)


def _view_logo(picture: Picture | None, base: str, *, alt: str, box: tuple[int, int]) -> Figure | None:
    if picture is None:
        return None
    width, height = picture.fit(*box)
    return Figure(url=base + picture.path, alt=alt, width=width, height=height)


def _view_announcement(stored: StoredAnnouncement, words: Words, language: Language, base: str) -> Notification:
    announcement = stored.announcement
    starts_at = announcement.starts_at
    return Notification(
        title=announcement.title,
        entry=f"{words.event if starts_at else words.news_item}: {announcement.title}",
        url=announcement.url or "",
        text=announcement.text,
        when=language.write_span(starts_at, announcement.ends_at, announcement.timezone) if starts_at else "",
        place=announcement.place,
        calendar_url=f"{base}/events/{stored.id}.ics" if starts_at else "",
        calendar=fill_words(words.calendar, title=announcement.title) if starts_at else "",
    )
