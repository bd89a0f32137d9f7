"""One numbered issue: as a draft, as the value that is rendered, and as rendered text with slots."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from newsletter.domain.article import StoredAnnouncement
from newsletter.domain.partner import PartnerLink
from newsletter.domain.picture import Picture
from newsletter.domain.topic import Topic


class ItemSlot(StrEnum):
    """The place that an item has in an issue, in the order in which readers meet them."""

    LEAD = "lead"
    FEATURE = "feature"
    ANNOUNCEMENT = "announcement"
    EARLIER = "earlier"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftItem:
    """One choice of a draft. Exactly one of the three ids is set."""

    slot: ItemSlot
    article_id: int | None = None
    announcement_id: int | None = None
    partner_id: int | None = None
    #: an editor's own wording for this issue, in place of the article's
    headline: str | None = None
    teaser: str | None = None
    #: why it is here: "new since 41", "missed issue 41", "also on rail, issue 39", "pinned"
    reason: str
    #: an editor put it where it is: filling the draft anew leaves it there
    is_pinned: bool = False


class IssueStatus(StrEnum):
    #: editors may change it
    DRAFT = "draft"
    #: consent to its exact bytes stands
    APPROVED = "approved"
    #: its mailing is open; frozen
    MAILED = "mailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    id: int
    number: int
    #: the planned date that names its slot
    slot: date
    #: the local day that its slot falls on: the same unless it was moved
    day: date
    #: when its slot falls due, UTC
    due_at: datetime
    status: IssueStatus
    #: an editor's; None means derived from the lead
    subject: str | None = None
    preheader: str | None = None
    note: str | None = None
    items: tuple[DraftItem, ...] = ()
    #: when its mailing was taken back, unless it was approved anew since
    recalled_at: datetime | None = None
    #: how often it was changed
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedIssue:
    """An issue whose mailing opened, as archive and history know it."""

    number: int
    #: the local date that it carries
    date: date
    #: when its slot fell due, UTC
    due_at: datetime
    subject: str
    preheader: str
    #: when its first letter left, or was to leave
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaser:
    """What an issue shows of one article. Plain text; escaped where it is written."""

    article_id: int
    headline: str
    #: cut at a sentence end
    text: str
    url: str
    authors: tuple[str, ...]
    #: short label above the headline: the first tag, or ""
    kicker: str
    reading_minutes: int
    #: where the site serves the picture; None without one
    image_url: str | None = None
    #: pixels, as it is stored
    image_width: int = 0
    image_height: int = 0
    image_alt: str = ""
    #: author, licence and source of the image, as one line
    image_credit: str = ""
    #: for earlier articles: why it is shown again
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    name: str
    url: str = ""
    #: an address, or a file beside newsletter.toml
    logo: str = ""
    #: BCP 47, of the name; "" for the site's own
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masthead:
    """The site's identity, the same in every issue."""

    name: str
    base_url: str
    postal_address: str
    language: str
    publishers: tuple[Publisher, ...] = ()
    blurb: str = ""
    #: the journal's own, as the theme names it; "" without one
    logo: str = ""
    #: the stored pictures of its own and its publishers' logos, by what names them
    logos: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Everything that an issue says, numbered and immutable. Rendering reads nothing else."""

    number: int
    #: the local date that it carries
    date: date
    subject: str
    preheader: str
    note: str
    masthead: Masthead
    lead: Teaser | None
    features: tuple[Teaser, ...] = ()
    events: tuple[StoredAnnouncement, ...] = ()
    news: tuple[StoredAnnouncement, ...] = ()
    earlier: tuple[Teaser, ...] = ()
    partners: tuple[PartnerLink, ...] = ()
    #: the stored pictures of the partners' logos, by what names them
    logos: Mapping[str, Picture] = field(default_factory=dict)

    @property
    def topics(self) -> Topic:
        """The topics that it has something for."""
        present = Topic(0)
        if self.lead or self.features or self.earlier:
            present |= Topic.ARTICLES
        if self.events:
            present |= Topic.EVENTS
        if self.news:
            present |= Topic.NEWS
        return present

    @property
    def variants(self) -> tuple[Topic, ...]:
        """The topic sets for which it reads differently, the full one first."""
        full = int(self.topics)
        return tuple(Topic(bits) for bits in range(full, 0, -1) if bits & full == bits)

    @property
    def digest(self) -> str:
        """SHA-256 of all it says, in hex. Two issues that say the same have the same digest."""
        return hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).hexdigest()


class Slot(StrEnum):
    """What is filled in for one subscriber."""

    #: token of the unsubscribe link
    UNSUBSCRIBE = "unsubscribe"
    #: token of the preferences link
    PREFERENCES = "preferences"


@dataclass(frozen=True, slots=True)
class SlottedText:
    """Text with slots: literals and slots in order. No marker inside a literal can be mistaken for a slot."""

    parts: tuple[str | Slot, ...]

    @classmethod
    def split(cls, text: str, markers: Mapping[Slot, str]) -> SlottedText:
        """Split ``text`` wherever one of ``markers`` stands."""
        parts: list[str | Slot] = [text]
        for slot, marker in markers.items():
            parts = [piece for part in parts for piece in _split_part(part, slot, marker)]
        return cls(tuple(part for part in parts if part != ""))

    def fill(self, values: Mapping[Slot, str]) -> str:
        return "".join(values[part] if isinstance(part, Slot) else part for part in self.parts)

    @property
    def slots(self) -> frozenset[Slot]:
        return frozenset(part for part in self.parts if isinstance(part, Slot))

    def dump(self) -> str:
        """Write it as JSON: a list of literals (strings) and slots (one-element lists)."""
        return json.dumps([[part.value] if isinstance(part, Slot) else part for part in self.parts], ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> SlottedText:
        return cls(tuple(part if isinstance(part, str) else Slot(part[0]) for part in json.loads(text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedVariant:
    """The issue as one topic set reads it."""

    html: SlottedText
    text: SlottedText


@dataclass(frozen=True, kw_only=True)
class RenderedIssue:
    """An issue as it goes out: exact text with slots, one variant for each topic set of ``Issue.variants``."""

    number: int
    subject: str
    preheader: str
    variants: Mapping[Topic, RenderedVariant]

    @property
    def full(self) -> RenderedVariant:
        return next(iter(self.variants.values()))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over subject and every variant's text with slots, in hex: what an approval consents to."""
        content = [
            self.subject,
            *((int(topics), variant.html.dump(), variant.text.dump()) for topics, variant in self.variants.items()),
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _split_part(part: str | Slot, slot: Slot, marker: str) -> list[str | Slot]:
    if isinstance(part, Slot):
        return [part]
    pieces: list[str | Slot] = []
    for literal in part.split(marker):
        pieces += [literal, slot]
    return pieces[:-1]
