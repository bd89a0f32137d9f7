"""SMTP replies, the outcome of one attempt, and whom a refusal is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from newsletter.domain.relay_quota import is_quota_refusal

_INTERMEDIATE = 300  # RFC 5321 4.2.1: a 3yz reply asks for more; nothing is done yet
_TRANSIENT = 400  # RFC 5321 4.2.1: a 4yz reply invites another try
_PERMANENT = 500  # RFC 5321 4.2.1: a 5yz reply is final
_SERVICE_CLOSING = 421  # RFC 5321 4.2.2: about the connection, whatever command it answers
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")

_GREYLISTING = re.compile(r"gr[ae]y[- ]?list", re.IGNORECASE)
_LATER = re.compile(r"\b(?:try|retry|come back|again)\b.{0,40}\b(?:later|again|minutes?|seconds?)\b", re.IGNORECASE)

#: Waits before the second, third, … try of a deferred letter; the last one repeats.
_BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))
#: From the first try on; then a deferral counts as a rejection ("expired").
_GIVE_UP_AFTER = timedelta(days=2)


class Reply(NamedTuple):
    """What the relay answered to one command."""

    code: int
    #: lines joined by a space, without the code
    text: str

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code (RFC 3463), where the text begins with one (RFC 2034)."""
        match = _ENHANCED.match(self.text)
        return match.group(1) if match else None

    @property
    def is_positive(self) -> bool:
        return self.code < _INTERMEDIATE

    @property
    def is_refusal(self) -> bool:
        return self.code >= _TRANSIENT

    @property
    def is_permanent(self) -> bool:
        return self.code >= _PERMANENT

    @property
    def is_closing(self) -> bool:
        return self.code == _SERVICE_CLOSING

    @property
    def is_quota_refusal(self) -> bool:
        """Tell whether the relay takes no more from us for now, whatever the code says."""
        return self.is_refusal and is_quota_refusal(self.code, self.enhanced, self.text)

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay took responsibility."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Deferred:
    """Refused for now, for this recipient."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused for good, for this recipient."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Postponed:
    """Refused because our quota at the relay is used up: nothing was said about this recipient."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection died or went wrong behind the final dot: the letter may or may not have arrived."""

    why: str


#: What a relay may say about one recipient.
Refusal = Deferred | Rejected | Postponed

Outcome = Accepted | Refusal | Unknown


def judge(reply: Reply) -> Outcome:
    """Sort a RCPT or DATA reply about this recipient."""
    if reply.is_positive:
        return Accepted(reply)
    if not reply.is_refusal:
        return Unknown(f"The relay answered out of turn: {reply}")
    return judge_refusal(reply)


def judge_refusal(reply: Reply) -> Refusal:
    """Sort a negative RCPT or DATA reply."""
    if reply.is_quota_refusal:
        return Postponed(reply)
    return Rejected(reply) if reply.is_permanent else Deferred(reply)


def is_about_us(reply: Reply) -> bool:
    """Tell a refusal of the sender or a fault of the relay from one of the recipient, by the status alone.

    X.3.z and X.7.z are mail system and policy statuses (RFC 3463 3.4, 3.8): given to every recipient in a row they are
    about us. A single one may still be this recipient's own filter, so the caller counts them.
    """
    return reply.enhanced is not None and reply.enhanced[1:3] in {".3", ".7"} and reply.enhanced[3] == "."


def is_greylisting(reply: Reply) -> bool:
    """Tell whether a server puts every stranger's first try off (RFC 6647), which says nothing about this stranger.

    The next try is taken. Many do not name it and only ask under 4.7.1 to try again later.
    """
    if reply.is_permanent:
        return False
    return bool(_GREYLISTING.search(reply.text)) or (reply.enhanced == "4.7.1" and bool(_LATER.search(reply.text)))


def next_try(first_try: datetime, attempts: int, now: datetime) -> datetime | None:
    """Return when to try a deferred letter again after ``attempts`` tries, or None if its two days are over."""
    if now - first_try >= _GIVE_UP_AFTER:
        return None
    return now + _BACKOFF[min(attempts, len(_BACKOFF)) - 1]
