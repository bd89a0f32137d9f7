"""Everything that is stored about one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.address_change import AddressChange
from newsletter.domain.mailing import DeliveryStatus, MailingKind
from newsletter.domain.subscriber import Consent, Subscriber
from newsletter.domain.suppression import Suppression


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedConsent(Consent):
    """A line of the consent log, with the time at which it was written."""

    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDelivery:
    """What became of one letter to the person."""

    mailing: int
    kind: MailingKind
    #: None for a letter outside the numbering
    issue: int | None
    status: DeliveryStatus
    #: of a withheld or rejected letter
    reason: str | None
    attempts: int
    first_try_at: datetime | None
    next_try_at: datetime | None
    settled_at: datetime | None
    #: the relay's last words
    reply: str | None
    #: sent a second time, since nobody knew whether the first copy had arrived
    is_resent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalNotice:
    """One notice to the person, or about the person to the editors."""

    kind: str
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    #: the relay's last words
    reply: str | None
    #: what its letter was made of: a mailing, a report, an issue
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalBounce:
    """One report about the person's address, or a letter that the person wrote."""

    id: int
    received_at: datetime
    kind: str
    reason: str | None
    #: enhanced status (RFC 3463); "" where it has none
    status: str
    rule: str
    words: str
    #: the mailing whose letter it is about
    mailing: int | None
    #: why it changed nobody; None for one that counts
    ignored_because: str | None
    reversed_at: datetime | None
    #: length of the message itself, which is kept; 0 once it was emptied
    message_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalUnsubscribe:
    """One time that the person left by the link of a letter, which a report counts."""

    mailing: int
    #: None for a letter outside the numbering
    issue: int | None
    at: datetime
    has_resubscribed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalAct:
    """One entry of the audit log about the person."""

    at: datetime
    actor: str
    act: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRecord:
    """The person, by address; ``subscriber`` is None where only hashes are left."""

    address: EmailAddress
    subscriber: Subscriber | None
    #: when the site last wrote to the address because somebody had typed it in
    asked_at: datetime | None = None
    tags: tuple[str, ...] = ()
    #: the first one first
    address_changes: tuple[AddressChange, ...] = ()
    #: the first one first
    consents: tuple[LoggedConsent, ...] = ()
    deliveries: tuple[PersonalDelivery, ...] = ()
    notices: tuple[PersonalNotice, ...] = ()
    #: the latest first
    unsubscribes: tuple[PersonalUnsubscribe, ...] = ()
    bounces: tuple[PersonalBounce, ...] = ()
    #: the standing one and those that were lifted, the latest first
    suppressions: tuple[Suppression, ...] = ()
    acts: tuple[PersonalAct, ...] = ()

    @property
    def suppression(self) -> Suppression | None:
        """The one that stands."""
        return next((suppression for suppression in self.suppressions if suppression.lifted_at is None), None)

    @property
    def is_known(self) -> bool:
        """Tell whether anything at all is stored, if only under a hash."""
        return bool(self.subscriber or self.asked_at or self.consents or self.bounces or self.suppressions)
