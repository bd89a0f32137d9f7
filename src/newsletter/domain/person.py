"""Everything that is stored about one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import DeliveryStatus, MailingKind
from newsletter.domain.subscriber import Consent, Subscriber
from newsletter.domain.suppression import Suppression


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
    settled_at: datetime | None
    #: the relay's last words
    reply: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalNotice:
    """One notice to the person."""

    kind: str
    status: DeliveryStatus
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalBounce:
    """One report about the person's address."""

    received_at: datetime
    kind: str
    reason: str | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRecord:
    """The person, by address; ``subscriber`` is None where only hashes are left."""

    address: EmailAddress
    subscriber: Subscriber | None
    tags: tuple[str, ...] = ()
    consents: tuple[Consent, ...] = ()
    deliveries: tuple[PersonalDelivery, ...] = ()
    notices: tuple[PersonalNotice, ...] = ()
    bounces: tuple[PersonalBounce, ...] = ()
    #: the standing one and those that were lifted, the latest first
    suppressions: tuple[Suppression, ...] = ()

    @property
    def suppression(self) -> Suppression | None:
        """The one that stands."""
        return next((suppression for suppression in self.suppressions if suppression.lifted_at is None), None)
