"""What the templates of an issue are given: one frozen value, the same for HTML and text.

All that needs a decision is decided here (dates, bylines, which links); the templates only place it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from markupsafe import Markup

from newsletter.domain.article import Announcement
from newsletter.domain.issue import Issue, Publisher, Slot, Teaser
from newsletter.domain.partner import PartnerLink
from newsletter.domain.topic import Topic
from newsletter.render.theme import Theme, Words, fill_words

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WRITTEN_FROM_THE_RIGHT = frozenset({"ar", "dv", "fa", "he", "ks", "ku", "ps", "sd", "ug", "ur", "yi"})


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
    #: "Thursday, 3 December 2026, 18:00–19:30 (Europe/Riga)"; "" for news
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
    start: Literal["left", "right"]
    far: Literal["left", "right"]
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
    masthead, words = issue.masthead, theme.words
    base = masthead.base_url.rstrip("/")
    return IssueView(
        name=masthead.name,
        language=masthead.language,
        direction=direction_of(masthead.language),
        start=start_of(masthead.language),
        far="left" if start_of(masthead.language) == "right" else "right",
        edition=fill_words(words.edition, number=issue.number),
        date=_write_date(issue.date),
        subject=issue.subject,
        preheader=issue.preheader,
        note=_split_paragraphs(issue.note),
        lead=_view_teaser(issue.lead, words) if issue.lead else None,
        features=tuple(_view_teaser(teaser, words) for teaser in issue.features),
        events=tuple(_view_announcement(event) for event in issue.events),
        news=tuple(_view_announcement(item) for item in issue.news),
        earlier=tuple(_view_teaser(teaser, words) for teaser in issue.earlier),
        partners=tuple(partner for partner in issue.partners if partner.url),
        publishers=masthead.publishers,
        blurb=_split_paragraphs(masthead.blurb),
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


def direction_of(language: str) -> Literal["ltr", "rtl"]:
    """Return the direction in which ``language`` (BCP 47) is written."""
    return "rtl" if language.partition("-")[0].lower() in _WRITTEN_FROM_THE_RIGHT else "ltr"


def start_of(language: str) -> Literal["left", "right"]:
    """Return the side on which lines of ``language`` begin."""
    return "right" if direction_of(language) == "rtl" else "left"


def split_address(postal_address: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in postal_address.splitlines() if line.strip())


def _view_teaser(teaser: Teaser, words: Words) -> Card:
    has_credit = teaser.image_url and teaser.image_credit  # a credit without its image would puzzle
    return Card(
        headline=teaser.headline,
        url=teaser.url,
        kicker=teaser.kicker,
        text=teaser.text,
        byline=fill_words(words.byline, authors=_join(teaser.authors, words.last_author)) if teaser.authors else "",
        minutes=fill_words(words.minutes, minutes=teaser.reading_minutes),
        image_url=teaser.image_url or "",
        image_alt=teaser.image_alt,
        image_credit=fill_words(words.image_credit, credit=teaser.image_credit) if has_credit else "",
        reason=teaser.reason,
    )


def _view_announcement(announcement: Announcement) -> Notification:
    return Notification(
        title=announcement.title,
        url=announcement.url or "",
        text=announcement.text,
        when=_write_span(announcement.starts_at, announcement.ends_at, announcement.timezone),
        place=announcement.place,
    )


def _write_span(start: datetime | None, end: datetime | None, timezone: str | None) -> str:
    """Write when an event takes place, by the clock of its place; readers are elsewhere, so the zone is named."""
    if start is None:
        return ""
    zone = ZoneInfo(timezone) if timezone else start.tzinfo
    start = start.astimezone(zone)
    named = f" ({timezone or start.tzname()})"
    text = f"{_write_date(start)}, {start:%H:%M}"
    if end is None:
        return text + named
    end = end.astimezone(zone)
    until = f"–{end:%H:%M}" if end.date() == start.date() else f" – {_write_date(end)}, {end:%H:%M}"
    return text + until + named


def _write_date(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _split_paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())


def _join(names: Sequence[str], last: str) -> str:
    return last.join(filter(None, (", ".join(names[:-1]), names[-1])))
