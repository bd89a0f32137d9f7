"""Our standing decision not to mail an address: with its reason and evidence, and reversible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SuppressionReason(StrEnum):
    """Why an address is not mailed."""

    #: the reader called a letter spam
    COMPLAINT = "complaint"
    #: the mailbox or its domain does not exist, in the other server's own words
    DEAD_ADDRESS = "dead_address"
    #: failures that are the reader's, on several days, with nothing delivered between them
    REPEATED_BOUNCES = "repeated_bounces"
    #: full for a month or longer
    MAILBOX_FULL = "mailbox_full"
    #: an editor decided so
    EDITOR = "editor"
    #: the reader asked to be forgotten
    FORGOTTEN = "forgotten"


#: Those that a reader ends by confirming a sign-up: who can do so has a mailbox that works, and wants the letters. A
#: complaint stands, for whoever typed the address in may be somebody else; and so does what an editor decided.
ENDED_BY_CONFIRMING = frozenset(
    {
        SuppressionReason.DEAD_ADDRESS,
        SuppressionReason.REPEATED_BOUNCES,
        SuppressionReason.MAILBOX_FULL,
        SuppressionReason.FORGOTTEN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One decision about one address; it outlives the subscriber, so it knows the address by its keyed hash only."""

    #: ``token.hash_address`` of the normalized address
    address_hash: bytes
    reason: SuppressionReason
    #: what it rests on, so that it can be explained, and decided anew when a rule changes
    evidence: Mapping[str, object] = field(default_factory=dict)
    decided_at: datetime
    #: None while it stands
    lifted_at: datetime | None = None
    lifted_because: str | None = None
