"""Subscribers: an address with consent, and the moves of its status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from newsletter.domain.address import EmailAddress
from newsletter.domain.token import SAMPLE_READER
from newsletter.domain.topic import Topic
from newsletter.errors import IllegalMoveError


class SubscriberStatus(StrEnum):
    #: asked for the newsletter and has not confirmed yet
    PENDING = "pending"
    #: has consented; mailed unless suppressed
    ACTIVE = "active"
    #: has left by the reader's own will
    UNSUBSCRIBED = "unsubscribed"


_NEXT: dict[SubscriberStatus, frozenset[SubscriberStatus]] = {
    SubscriberStatus.PENDING: frozenset({SubscriberStatus.ACTIVE, SubscriberStatus.UNSUBSCRIBED}),
    SubscriberStatus.ACTIVE: frozenset({SubscriberStatus.UNSUBSCRIBED}),
    SubscriberStatus.UNSUBSCRIBED: frozenset({SubscriberStatus.PENDING, SubscriberStatus.ACTIVE}),
}


_EVERYTHING = Topic.everything()


class ConsentEvent(StrEnum):
    """One line of the append-only consent log."""

    #: taken over with an imported list, from a named source
    IMPORTED = "imported"
    #: entered by an editor
    ADDED = "added"
    #: asked for by the reader on the site
    REQUESTED = "requested"
    #: confirmed by the reader's button
    CONFIRMED = "confirmed"
    #: withdrawn
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    event: ConsentEvent
    #: where it was given: a form, an event, a list
    source: str
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    id: int
    #: random, 8 bytes; what links carry in place of the address
    public_id: bytes
    address: EmailAddress
    name: str = ""
    topics: Topic = _EVERYTHING
    #: wants letters without HTML
    is_text_only: bool = False
    #: BCP 47; "" for the site's own
    language: str = ""
    status: SubscriberStatus = SubscriberStatus.ACTIVE
    #: wants no issue before this day (UTC); None without a pause
    paused_until: date | None = None
    created_at: datetime
    #: the latest sign-up that still waits for its confirmation; whole seconds
    requested_at: datetime | None = None
    #: when the reader left; None while subscribed
    unsubscribed_at: datetime | None = None
    #: the mailing whose letter carried the link by which the reader left
    unsubscribed_by_mailing: int | None = None
    #: has said since why, if asked
    gave_reason: bool = False

    @property
    def is_sample(self) -> bool:
        """Tell whether this is nobody: the reader whom test letters are made for."""
        return self.public_id == SAMPLE_READER

    def is_paused(self, today: date) -> bool:
        """Tell whether issues of this day pass the reader by; the pause ends by itself."""
        return self.paused_until is not None and today < self.paused_until

    def move(self, status: SubscriberStatus) -> Subscriber:
        """Change the status; raises IllegalMoveError where the table has no such move."""
        if status not in _NEXT[self.status]:
            raise IllegalMoveError("The subscriber", self.status, status)
        return replace(self, status=status)


class NewSubscriber(NamedTuple):
    """A subscriber to be stored, who has no id yet. A tuple, for imports make them by the million."""

    #: random, 8 bytes
    public_id: bytes
    address: EmailAddress
    #: see ``domain.token.hash_address``
    address_hash: bytes
    #: when they came; by import, when they signed up wherever that was
    created_at: datetime
    name: str = ""
    topics: Topic = _EVERYTHING
    language: str = ""
    status: SubscriberStatus = SubscriberStatus.ACTIVE
    #: when the state of somebody pending or gone began; None for when they came
    status_since: datetime | None = None
