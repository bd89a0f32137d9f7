"""A letter: one personal message in its envelope, ready for the relay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who letters come from, and where answers and reports go."""

    #: display name
    name: str
    address: EmailAddress
    reply_to: EmailAddress
    #: envelope sender; ``{token}`` in it stands for the delivery's token, without it all reports come to one address
    bounce_address: str
    #: RFC 2919, without angle brackets
    list_id: str
    #: the sender's part of Feedback-ID
    feedback_id: str
    #: of the readers' site, without a slash at its end
    base_url: str

    def envelope_sender(self, token: str) -> str:
        """Return the return path of one delivery (VERP)."""
        return self.bounce_address.replace("{token}", token)


class Recipient(NamedTuple):
    """One delivery still to make, and what its letter needs of the subscriber.

    A tuple, as all is that is made anew for every letter: a frozen dataclass takes four times as long to make.
    """

    delivery: DeliveryId
    address: EmailAddress
    public_id: bytes
    topics: Topic
    #: wants no HTML
    is_text_only: bool = False
    #: tries so far, and when the first one was
    attempts: int = 0
    first_try_at: datetime | None = None
    #: it may have arrived already, and is sent once more
    is_resent: bool = False


class Letter(NamedTuple):
    delivery: DeliveryId
    #: the delivery's signed name, for the relay's reports (RFC 3461 ENVID)
    token: str
    #: envelope sender and recipient (RFC 5321 MAIL and RCPT)
    envelope_sender: str
    recipient: str
    #: headers and body in consecutive pieces, so that what all letters of a mailing say alike is never copied; together
    #: CRLF line ends, dot-stuffed (RFC 5321 4.5.2), ending in CRLF, without the final dot
    pieces: tuple[bytes, ...]

    @property
    def content(self) -> bytes:
        """All of it, as it goes over the wire before the final dot."""
        return b"".join(self.pieces)

    @property
    def message(self) -> bytes:
        """The message as the recipient's host stores it."""
        return unstuff(self.content)


def stuff(content: bytes) -> bytes:
    """Double each dot at the start of a line (RFC 5321 4.5.2)."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def unstuff(content: bytes) -> bytes:
    """Undo ``stuff``."""
    plain = content.replace(b"\r\n..", b"\r\n.")
    return plain[1:] if plain.startswith(b"..") else plain
