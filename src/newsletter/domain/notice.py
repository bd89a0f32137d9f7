"""Notices: small letters to one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import DeliveryId, DeliveryStatus
from newsletter.domain.reply import Accepted, Deferred, Outcome, Postponed, Rejected, Unknown, next_try

#: The mailing that notices are named under, in envelope senders and Message-IDs. No mailing has this id.
_NO_MAILING = 0


class NoticeKind(StrEnum):
    #: asks the reader to confirm a sign-up
    CONFIRM = "confirm"
    #: answers a sign-up of somebody who is subscribed already
    KNOWN = "known"
    #: greets a confirmed reader
    WELCOME = "welcome"
    #: says that the reader has left, with a way back
    GOODBYE = "goodbye"
    #: asks the new address of a reader to confirm the change
    NEW_ADDRESS = "new_address"
    #: tells the old address of a change that was asked for, with a way to refuse or undo it
    LEAVING_ADDRESS = "leaving_address"
    #: leads to all that is stored about the reader
    DATA = "data"
    #: shows the editors what a reader answered to an issue
    FORWARDED_REPLY = "forwarded_reply"
    #: brings an editor the link by which to choose a password
    INVITATION = "invitation"


#: Those that go to a reader; each has its words in render/words.py.
TO_READERS = tuple(kind for kind in NoticeKind if kind not in {NoticeKind.FORWARDED_REPLY, NoticeKind.INVITATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One to deliver, and what its letter needs of the subscriber, or of the editor whom it is for."""

    id: int
    kind: NoticeKind
    #: the subscriber's or editor's; the new or the old one where the notice is about a change of address
    address: EmailAddress
    #: the subscriber's; b"" where it is for an editor
    public_id: bytes = b""
    #: the editor whom it is for (0: it is a reader's)
    editor: int = 0
    #: the person's; "" where unknown
    name: str = ""
    #: that the reader prefers, BCP 47; "" for the site's own
    language: str = ""
    #: the mailing whose letter led to it (0: none)
    mailing: int = 0
    #: the stored message that it forwards (0: none)
    report: int = 0
    #: the sign-up that it asks to confirm, or when the way to one's data was asked for; whole seconds
    requested_at: datetime | None = None
    #: the invitation that it brings
    invited_at: datetime | None = None
    #: the change of address that it is about (0: none)
    change: int = 0
    #: the latest issue, which it leads to (0: none)
    issue: int = 0
    queued_at: datetime
    #: tries, this one included; also tells this claim from a later one
    attempts: int

    @property
    def delivery(self) -> DeliveryId:
        """Its name beside the deliveries of mailings."""
        return DeliveryId(_NO_MAILING, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettlement:
    """A notice's state after one attempt."""

    status: DeliveryStatus
    #: the relay's last words
    reply: str
    #: when to try again; None when it is settled
    due_at: datetime | None = None


def settle_notice(notice: Notice, outcome: Outcome, *, now: datetime) -> NoticeSettlement:
    """Turn the outcome of one attempt into the notice's next state.

    One that may or may not have arrived is sent again: a second copy harms nobody, a missing one loses a reader.
    """
    again = next_try(notice.queued_at, notice.attempts, now)
    match outcome:
        case Accepted(reply):
            return NoticeSettlement(status=DeliveryStatus.ACCEPTED, reply=str(reply))
        case Rejected(reply):
            return NoticeSettlement(status=DeliveryStatus.REJECTED, reply=str(reply))
        case Deferred(reply):
            status = DeliveryStatus.DEFERRED if again else DeliveryStatus.REJECTED
            return NoticeSettlement(status=status, reply=str(reply), due_at=again)
        case Postponed(reply):
            due_at = next_try(now, notice.attempts, now)
            return NoticeSettlement(status=DeliveryStatus.DEFERRED, reply=str(reply), due_at=due_at)
        case Unknown(why):
            status = DeliveryStatus.QUEUED if again else DeliveryStatus.DOUBTFUL
            return NoticeSettlement(status=status, reply=why, due_at=again)
