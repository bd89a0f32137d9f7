"""Articles, as editors store them, and announcements."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum

#: How alike two standfirsts by the same authors must be, from 0 to 1, for an import to mean the same article:
#: a corrected sentence stays above it, another article by the same author far below.
SAME_STANDFIRST = 0.75

_SENTENCE_END = re.compile(r"(?<=[.!?…])[”’\"')\]]*\s+(?=[“‘\"'(\[]?[^\Wa-z_])")
# "U.S. companies", "Dr. Halvorsen", "E. Castellan", "no. 5": a full stop that ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“‘\"'])(?:(?:[^\W\d_]\.)+|(?:Mr|Mrs|Ms|Dr|Prof|St|Gen|Col|Lt|Sen|Rep|Gov|No|vs|approx|Jan|Feb|Mar|Apr|Jun|Jul|"
    r"Aug|Sept?|Oct|Nov|Dec)\.)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    #: as published, without its colon; "" for text under no heading
    name: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    #: an address or, where the page text only names a caption, None
    url: str | None = None
    alt: str = ""
    author: str = ""
    licence: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A story stored by editors. All text is plain, as published; ``body_html`` was cleaned on import."""

    headline: str
    #: the headline was cut from the standfirst and waits for an editor
    needs_headline: bool = False
    authors: tuple[str, ...] = ()
    #: one or more paragraphs, parted by a blank line
    standfirst: str = ""
    sections: tuple[Section, ...] = ()
    #: the body as clean HTML, where the source had any markup
    body_html: str | None = None
    image: Image | None = None
    credit: str = ""
    biography: str = ""
    url: str | None = None
    #: with its zone; None until the store gives it the time of import
    published_at: datetime | None = None
    tags: tuple[str, ...] = ()

    @property
    def word_count(self) -> int:
        return len(self.standfirst.split()) + sum(
            len(paragraph.split()) for section in self.sections for paragraph in section.paragraphs
        )

    @property
    def reading_minutes(self) -> int:
        """Whole minutes at 220 words a minute, at least one."""
        return max(1, round(self.word_count / 220))

    def is_same_as(self, other: Article) -> bool:
        """Tell whether ``other`` is this article again: by URL, else by authors and standfirst."""
        if self.url and other.url:
            return self.url == other.url
        return self.authors == other.authors and _likeness(self.standfirst, other.standfirst) >= SAME_STANDFIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """An article in the store, with what editors wrote over what its source says."""

    id: int
    article: Article
    imported_at: datetime
    #: names of the fields that an editor has written and that no import may change
    edited: frozenset[str] = frozenset()
    #: what the source last said in each of these fields, so that only a change of the source is proposed
    sourced: dict[str, str] = field(default_factory=dict)
    #: what the source says now where an editor's text stands, by field, for the editor to accept
    proposed: dict[str, str] = field(default_factory=dict)
    #: the source gave no date, so ``published_at`` is the time of import
    dated_by_import: bool = False
    retracted_at: datetime | None = None


class ArticleState(StrEnum):
    """Where a stored article stands, from what it lacks to where it was."""

    #: its headline was cut from the standfirst, and no issue with it can be approved
    NEEDS_HEADLINE = "needs headline"
    #: nothing is missing, and no issue has it yet
    READY = "ready"
    #: chosen for the issue that is being made
    IN_ISSUE = "in issue"
    #: an issue that was mailed carried it
    PUBLISHED = "published"
    #: kept out of all later issues
    RETRACTED = "retracted"


class AnnouncementKind(StrEnum):
    #: something that takes place: has a date, a place and a zone
    EVENT = "event"
    #: a news item
    NEWS = "news"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An event or a news item, in its own section of an issue."""

    kind: AnnouncementKind
    title: str
    text: str = ""
    url: str | None = None
    #: events only, with their zone
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    #: IANA name, for showing the times
    timezone: str | None = None
    place: str = ""
    #: no issue shows it before, or after (events: not after they began)
    show_from: datetime | None = None
    show_until: datetime | None = None

    def is_current(self, now: datetime) -> bool:
        last = self.show_until or self.starts_at
        return (self.show_from is None or self.show_from <= now) and (last is None or now < last)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnnouncement:
    id: int
    announcement: Announcement
    stored_at: datetime
    retracted_at: datetime | None = None


def provisional_headline(standfirst: str, *, limit: int = 70) -> str:
    """Cut a headline out of a standfirst: whole words of its first sentence, at most ``limit`` characters."""
    first = split_sentences(standfirst)[0].rstrip(".") if standfirst.strip() else "Untitled"
    if len(first) <= limit:
        return first
    return first[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–—-") + "…"


def split_sentences(text: str) -> list[str]:
    """Split running text at sentence ends; never empty, never losing a word."""
    flat = " ".join(text.split())
    sentences: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(flat):
        if not _ABBREVIATION.search(flat[start : end.start()]):
            sentences.append(flat[start : end.end()].strip())
            start = end.end()
    return [*sentences, flat[start:]] if flat[start:] or not sentences else sentences


def cut_teaser(standfirst: str, *, limit: int = 320) -> str:
    """Cut a teaser at a sentence end: as many whole sentences as fit, the first one always."""
    first, *rest = split_sentences(standfirst)
    teaser = first
    for sentence in rest:
        if len(teaser) + 1 + len(sentence) > limit:
            break
        teaser = f"{teaser} {sentence}"
    return teaser


def _likeness(first: str, second: str) -> float:
    one, two = first.split(), second.split()
    return SequenceMatcher(a=one, b=two, autojunk=False).ratio() if one and two else 0.0
