"""A message to the bounce address as it is stored, and the delivery that its signed token names.

Reports can be forged, and a letter that is forwarded leaks its token. So a report counts only against the one delivery
that its token names, and only if that letter was really sent, and not long ago. All others are stored and shown, and
change nobody.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind, BounceReason, Report
from newsletter.domain.mailing import DeliveryId, DeliveryStatus

_TOKEN_LETTERS = 31  # see token.sign_delivery
_LONGEST_WORDS = 300
_LONGEST_STATUS = 16
_KINDS = tuple(BounceKind)
_SENT = frozenset({DeliveryStatus.ACCEPTED, DeliveryStatus.IN_FLIGHT, DeliveryStatus.DOUBTFUL})
# What the author of a message wrote. All other fields may be added or changed on the way into one mailbox and not on
# the way into another: trace, verdicts of filters, states of mail programs.
_AUTHORED = (b"from:", b"to:", b"subject:", b"date:", b"message-id:", b"in-reply-to:", b"references:")
_QUOTED_FROM = re.compile(rb"^>+(?=From )", re.MULTILINE)  # as mboxes keep a line that begins with "From "
_DIGESTED = 256 << 10  # of the text: where a mailbox cuts a huge message depends on the length of its fields


class IgnoredReason(StrEnum):
    """Why a stored report changes nobody."""

    #: nothing in it looks like one of our tokens
    UNSIGNED = "no token"
    #: it has the form of a token, but none of our keys signed it
    FORGED = "forged token"
    #: signed by us, and the ledger has no such delivery
    UNKNOWN_DELIVERY = "unknown delivery"
    #: the relay never took that letter, so nothing can have come back
    NOT_SENT = "not sent"
    #: the letter left too long ago
    TOO_OLD = "too old"
    #: it names two deliveries, or another reader than the one of its token
    CONTRADICTORY = "contradictory"
    #: nothing is stored about the reader any more
    FORGOTTEN = "reader forgotten"
    #: too long or too deep to be read in full, or made to break the reader
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class NamedReader:
    """The subscriber whom a delivery was for."""

    id: int
    address: EmailAddress
    address_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDelivery:
    """The delivery that a token names, as the ledger has it."""

    id: DeliveryId
    status: DeliveryStatus
    #: sent again although an earlier copy may have arrived
    is_resent: bool
    #: when it left, as nearly as the ledger knows
    sent_at: datetime
    #: None if the reader was forgotten
    reader: NamedReader | None

    @property
    def was_sent(self) -> bool:
        """Tell whether a letter has, or may have, reached the relay."""
        return self.status in _SENT or self.is_resent


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What a report says about one reader."""

    kind: BounceKind
    #: of a failure
    reason: BounceReason | None = None
    #: enhanced status (RFC 3463), empty where the report has none
    status: str = ""
    rule: str
    #: the deciding words, or the subject of a letter
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    id: int
    #: see ``date_report``
    received_at: datetime
    fate: Fate
    #: None where no token names one
    delivery: DeliveryId | None
    address_hash: bytes | None
    #: None for a report that counts
    ignored_because: IgnoredReason | None
    #: when somebody took it back
    reversed_at: datetime | None

    @property
    def name(self) -> str:
        """What the evidence of a suppression calls it."""
        return f"bounce {self.id}"


def choose_fate(report: Report, address: EmailAddress | None) -> Fate:
    """Return what a report says about ``address``; None stands for one that nobody knows.

    An address that forwards to several others is not named itself: then the best of their fates is the reader's, for
    where one copy arrived the letter did.
    """
    own = [each for each in report.recipients if address and each.address == address.normalized]
    best = max(own or report.recipients, key=lambda each: _KINDS.index(each.kind), default=None)
    if best is None:
        return Fate(kind=report.kind, rule=report.rule, words=plain_words(report.words))
    return Fate(
        kind=best.kind,
        reason=best.reason if best.kind in {BounceKind.HARD, BounceKind.SOFT, BounceKind.DELAYED} else None,
        status=best.status[:_LONGEST_STATUS],
        rule=report.rule,
        words=plain_words(best.words or report.words),
    )


def find_objection(delivery: NamedDelivery | None, *, token_age: timedelta, now: datetime) -> IgnoredReason | None:
    """Return why a report with a valid token does not count, None if it does."""
    if delivery is None:
        return IgnoredReason.UNKNOWN_DELIVERY
    if delivery.reader is None:
        return IgnoredReason.FORGOTTEN
    if not delivery.was_sent:
        return IgnoredReason.NOT_SENT
    if now - delivery.sent_at > token_age:
        return IgnoredReason.TOO_OLD
    return None


def explain_missing(candidates: tuple[str, ...]) -> IgnoredReason:
    """Tell a message without a token from one with a forged one, given what stood where tokens stand."""
    has_form = any(len(candidate) == _TOKEN_LETTERS for candidate in candidates)
    return IgnoredReason.FORGED if has_form else IgnoredReason.UNSIGNED


def date_report(written_at: datetime | None, *, sent_at: datetime | None, now: datetime) -> datetime:
    """Return when a report came: as it says itself, but neither before its letter nor in the future.

    A mailbox that is read once a week must not press a week's failures into one day. Without a letter it is ``now``.
    """
    if written_at is None or sent_at is None:
        return now
    return min(max(written_at, sent_at), now)


def digest_report(raw: bytes, delivery: DeliveryId | None) -> bytes:
    """Return the SHA-256 by which a report counts once, whatever way it came.

    Only what its author wrote matters, and neither the order nor the folding of his fields, nor the ends of lines. The
    delivery does, because it may stand in nothing but a field that a host added.
    """
    text = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"").lstrip(b"\n")
    head, _, body = text.partition(b"\n\n")
    fields: list[list[bytes]] = []
    is_kept = False
    for line in head.split(b"\n"):
        if not line.startswith((b" ", b"\t")):
            is_kept = line.lower().startswith(_AUTHORED)
            if is_kept:
                fields.append(line.split())
        elif is_kept:
            fields[-1] += line.split()
    name = f"{delivery.mailing}/{delivery.position}" if delivery else ""
    authored = sorted(b" ".join(words) for words in fields)
    written = _QUOTED_FROM.sub(b"", body if authored else text)[:_DIGESTED].rstrip(b"\n")
    return hashlib.sha256(b"\n".join([name.encode("ascii"), *authored, b"", written])).digest()


def plain_words(text: str) -> str:
    """Shorten a stranger's words to one line that any database and terminal takes."""
    visible = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * _LONGEST_WORDS])
    return " ".join(visible.split())[:_LONGEST_WORDS]
