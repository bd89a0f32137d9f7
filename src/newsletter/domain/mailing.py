"""Mailings and deliveries: one run of one issue to its audience, and what became of each letter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from newsletter.errors import IllegalMoveError


class MailingKind(StrEnum):
    #: the one mailing of a numbered issue
    ISSUE = "issue"
    #: a letter outside cadence and numbering
    SPECIAL = "special"
    #: a correction to those whom an issue reached
    CORRECTION = "correction"


class MailingStatus(StrEnum):
    #: opened; its first letter waits for a time
    SCHEDULED = "scheduled"
    #: letters go out as workers take them
    RUNNING = "running"
    #: stopped by an editor or by itself, with a reason; resumes where it was
    PAUSED = "paused"
    #: stopped for good; what was queued is withheld
    CANCELLED = "cancelled"
    #: nothing is queued, in flight or deferred any more
    FINISHED = "finished"


_FIFTH = 5
_FAILURES = 3  # fewer say nothing about a list, however small the first share is

_NEXT: dict[MailingStatus, frozenset[MailingStatus]] = {
    MailingStatus.SCHEDULED: frozenset({MailingStatus.RUNNING, MailingStatus.PAUSED, MailingStatus.CANCELLED}),
    MailingStatus.RUNNING: frozenset({MailingStatus.PAUSED, MailingStatus.CANCELLED, MailingStatus.FINISHED}),
    MailingStatus.PAUSED: frozenset({MailingStatus.RUNNING, MailingStatus.CANCELLED}),
    MailingStatus.CANCELLED: frozenset(),
    # Doubtful letters that an editor sends again reopen a finished mailing.
    MailingStatus.FINISHED: frozenset({MailingStatus.RUNNING}),
}


class DeliveryStatus(StrEnum):
    """Where one letter stands. The report's sum is over these: intended = all of them, at every instant."""

    #: not tried yet, or to be tried again because nothing left for it
    QUEUED = "queued"
    #: its final dot may be on the wire
    IN_FLIGHT = "in_flight"
    #: the relay took responsibility (2yz); nobody knows "delivered"
    ACCEPTED = "accepted"
    #: a 4yz reply; has a next try
    DEFERRED = "deferred"
    #: a 5yz reply about this recipient, or a deferral that ran out
    REJECTED = "rejected"
    #: no letter was made for it, with a reason
    WITHHELD = "withheld"
    #: process or connection died between the final dot and the recorded reply
    DOUBTFUL = "doubtful"


class WithheldReason(StrEnum):
    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    CANCELLED = "cancelled"
    #: the issue has nothing for the subscriber's topics
    NO_TOPIC = "no_topic"


class DoubtfulPolicy(StrEnum):
    """What to do with letters that may or may not have arrived."""

    #: send them again: nobody is missed, at most one duplicate per connection
    RESEND = "resend"
    #: leave them: nobody is mailed twice
    HOLD = "hold"
    #: leave them and pause, until an editor decides
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a mailing begins: when, and with how many."""

    #: no letter leaves before it
    not_before: datetime
    #: this share of the audience, drawn by lot, gets the issue first; 0: everybody at once
    first_share: float = 0
    #: how long the rest is held once the first share has left
    hold: timedelta = timedelta()


#: The mailing that test letters are named under, in envelope senders and Message-IDs: no mailing ever gets this id.
#: Like all ids it fits 31 bits, so that any database can be asked for it.
TEST_MAILING = 2**31 - 1


class DeliveryId(NamedTuple):
    """Names a delivery for ever: its mailing, and its place in that mailing's audience, from 1."""

    mailing: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    id: int
    kind: MailingKind
    status: MailingStatus
    issue_number: int | None
    approval_id: int
    opened_at: datetime
    #: no letter leaves before it
    not_before: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    #: a sentence for the editor
    pause_reason: str | None = None
    #: the size of the frozen audience
    intended: int = 0
    #: the size of the first share, while the rest is held; None where nobody is held
    first_share: int | None = None
    #: how long the rest is held once the first share has left
    hold: timedelta = timedelta()
    #: when the rest follows; None until the first share has left
    rest_at: datetime | None = None

    def move(self, status: MailingStatus) -> Mailing:
        """Change the status; raises IllegalMoveError where the table has no such move."""
        if status not in _NEXT[self.status]:
            raise IllegalMoveError("The mailing", self.status, status)
        return replace(self, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A range of a mailing's deliveries that one worker takes at a time."""

    mailing: int
    number: int
    first_position: int
    last_position: int
    #: grows with every claim; who holds an older one must neither send nor settle
    fence: int

    @property
    def place(self) -> tuple[int, int]:
        """Return by what batches are ordered."""
        return self.mailing, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceSize:
    """How many subscribers a mailing would have if it opened now, and how many the one before had."""

    now: int
    #: None before the first mailing
    former: int | None = None

    @property
    def is_unusual(self) -> bool:
        """Tell whether it differs from the one before by more than a fifth, so that a person should look."""
        return bool(self.former) and abs(self.now - (self.former or 0)) * _FIFTH > (self.former or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstShare:
    """What became of the first share of a staged mailing."""

    #: letters whose fate is known
    tried: int
    rejected: int
    #: accepted, and reported as failed since
    bounced: int

    def is_beyond(self, percent: float) -> bool:
        """Tell whether more of it failed than a sound list has."""
        failed = self.rejected + self.bounced
        return failed >= _FAILURES and failed * 100 > percent * self.tried


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingReport:
    """The sum that adds up, and the events beside it."""

    mailing: Mailing
    counts: dict[DeliveryStatus, int]
    withheld_reasons: dict[WithheldReason, int]
    rejected_reasons: dict[str, int]
    #: of hard and soft bounces together
    bounced_reasons: dict[str, int] = field(default_factory=dict)
    bounced_hard: int = 0
    bounced_soft: int = 0
    complaints: int = 0
    #: by a link in one of its letters, those too who are erased since
    unsubscribes: int = 0
    #: of those who unsubscribed
    resubscribed: int = 0
    doubtful_resent: int = 0
    #: when the next deferred letter is due
    next_try_at: datetime | None = None
    #: the doubtful by address, most recent first, at most a screenful
    doubtful: tuple[str, ...] = field(default=())

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is queued, in flight or deferred any more."""
        open_states = (DeliveryStatus.QUEUED, DeliveryStatus.IN_FLIGHT, DeliveryStatus.DEFERRED)
        return not any(self.counts.get(status, 0) for status in open_states)
