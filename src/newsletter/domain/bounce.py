"""What a message to the bounce address says: that an address failed, was complained about, or nothing of the kind.

The kinds and the reasons are closed sets. The reason decides who is to blame (``is_about_sender``), and the policy in
``bounce_policy`` decides what follows; a report never suppresses anybody by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BounceKind(StrEnum):
    """What a message to the bounce address is. In order of weight: a report of many fates is named by the first."""

    #: The address or its domain does not exist, and the report says so in so many words.
    HARD = "hard"
    #: Not delivered, for a reason that may pass or that is not the reader's.
    SOFT = "soft"
    #: Not delivered yet; the other side is still trying, or waits for the sender to prove himself.
    DELAYED = "delayed"
    #: The reader, or his provider for him, called the letter spam.
    COMPLAINT = "complaint"
    #: A program answered: away, ticket received, "please confirm that you are human".
    AUTO_REPLY = "auto_reply"
    #: A report of success.
    DELIVERED = "delivered"
    #: Anything else; it may be a person's letter and is shown on the desk.
    NOT_BOUNCE = "not_bounce"

    @property
    def sentence(self) -> str:
        """One sentence for the desk."""
        return _KIND_SENTENCES[self]


class BounceReason(StrEnum):
    """Why a letter came back. The same words serve SMTP replies, reports by mail and webhooks."""

    #: The domain exists, the mailbox does not.
    UNKNOWN_USER = "unknown_user"
    #: No such domain, or one that declares that it takes no mail (RFC 7505).
    UNKNOWN_DOMAIN = "unknown_domain"
    #: The reader has another address now.
    MOVED = "moved"
    #: Suspended, inactive, expired or not allowed to receive; it may come back.
    MAILBOX_DISABLED = "mailbox_disabled"
    #: Over quota.
    MAILBOX_FULL = "mailbox_full"
    #: The reader's own rules or the closed group refuse this sender.
    RECIPIENT_REFUSED = "recipient_refused"
    #: Larger than the other side takes.
    TOO_BIG = "too_big"
    #: Tried until time ran out.
    EXPIRED = "expired"
    #: The content looked like spam or broke a rule for content.
    SPAM_CONTENT = "spam_content"
    #: Carries, or seemed to carry, a virus or a forbidden attachment.
    VIRUS = "virus"
    #: The sending server is on a block list, or has no proper name in the DNS.
    BLOCKED = "blocked"
    #: The sending server or domain has a bad name.
    REPUTATION = "reputation"
    #: SPF, DKIM, DMARC or a missing log-in.
    AUTHENTICATION = "authentication"
    #: The sender's address is refused.
    SENDER_REFUSED = "sender_refused"
    #: A rule of the other side that it does not explain.
    POLICY = "policy"
    #: The server does not take mail for that domain from us.
    RELAYING = "relaying"
    #: Too many letters or connections in too short a time; greylisting too.
    RATE_LIMITED = "rate_limited"
    #: No connection, no answer from the DNS, a loop.
    NETWORK = "network"
    #: Their server failed: disk full, out of order, misconfigured.
    SYSTEM = "system"
    #: They did not like our SMTP commands or the form of the message.
    PROTOCOL = "protocol"
    #: The report does not say.
    UNSPECIFIED = "unspecified"

    @property
    def sentence(self) -> str:
        """One sentence for the desk."""
        return _SENTENCES[self]


_KIND_SENTENCES = {
    BounceKind.HARD: "The address is dead, and the report says so.",
    BounceKind.SOFT: "The letter did not arrive, for a reason that may pass or is not the reader's.",
    BounceKind.DELAYED: "The letter has not arrived yet; the other side still tries.",
    BounceKind.COMPLAINT: "The reader, or his provider for him, called the letter spam.",
    BounceKind.AUTO_REPLY: "A program answered in the reader's name.",
    BounceKind.DELIVERED: "The letter arrived.",
    BounceKind.NOT_BOUNCE: "No report; it may be a person's letter.",
}

_SENTENCES = {
    BounceReason.UNKNOWN_USER: "There is no such mailbox.",
    BounceReason.UNKNOWN_DOMAIN: "The domain does not exist or takes no mail.",
    BounceReason.MOVED: "The reader has moved to another address.",
    BounceReason.MAILBOX_DISABLED: "The mailbox is suspended or not in use.",
    BounceReason.MAILBOX_FULL: "The mailbox is full.",
    BounceReason.RECIPIENT_REFUSED: "The reader's own rules refuse mail from us.",
    BounceReason.TOO_BIG: "The letter is larger than their server takes.",
    BounceReason.EXPIRED: "It was tried until time ran out.",
    BounceReason.SPAM_CONTENT: "Their filter took the letter for spam or refused its content.",
    BounceReason.VIRUS: "Their scanner refused the letter as dangerous.",
    BounceReason.BLOCKED: "Their server blocks the server that we send from.",
    BounceReason.REPUTATION: "The server or domain that we send from has a bad reputation with them.",
    BounceReason.AUTHENTICATION: "The letter did not pass their check of SPF, DKIM or DMARC, or a log-in was missing.",
    BounceReason.SENDER_REFUSED: "Their server refuses our sender address.",
    BounceReason.POLICY: "A rule of their server forbids the letter.",
    BounceReason.RELAYING: "Their server does not take mail for this domain from us.",
    BounceReason.RATE_LIMITED: "We sent more than they take at once.",
    BounceReason.NETWORK: "Their server could not be reached.",
    BounceReason.SYSTEM: "Their server has a fault.",
    BounceReason.PROTOCOL: "Their server did not understand the letter or a command.",
    BounceReason.UNSPECIFIED: "The report does not say why.",
}

#: The only reasons that a permanent failure may be called hard for.
DECISIVE_REASONS = frozenset({BounceReason.UNKNOWN_USER, BounceReason.UNKNOWN_DOMAIN, BounceReason.MOVED})

_ABOUT_THE_READER = DECISIVE_REASONS | {
    BounceReason.MAILBOX_DISABLED,
    BounceReason.MAILBOX_FULL,
    BounceReason.RECIPIENT_REFUSED,
    BounceReason.UNSPECIFIED,
}


#: Of letters that came back: somebody does not want ours. Faults of a way or a server on it are not among them.
REASONS_AGAINST_US = frozenset(
    {
        BounceReason.SPAM_CONTENT,
        BounceReason.VIRUS,
        BounceReason.BLOCKED,
        BounceReason.REPUTATION,
        BounceReason.AUTHENTICATION,
        BounceReason.SENDER_REFUSED,
        BounceReason.POLICY,
        BounceReason.RELAYING,
        BounceReason.PROTOCOL,
    }
)


def is_about_sender(reason: BounceReason) -> bool:
    """Whether the failure counts against our own health (and that of the ways between us), never against the reader."""
    return reason not in _ABOUT_THE_READER


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRecipient:
    """One address that a report speaks of, and its own fate."""

    #: As the report writes it, lower case; empty where the report hides it.
    address: str
    kind: BounceKind
    #: The enhanced status of RFC 3463, as "5.1.1"; empty where the report has none.
    status: str
    reason: BounceReason
    #: The other side's own words, shortened: the evidence.
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one message says. ``recipients`` is empty for a person's letter and where no address could be found."""

    kind: BounceKind
    recipients: tuple[ReportedRecipient, ...] = ()
    #: Which rule recognised the message, for the desk and for replays.
    rule: str
    #: The words that the rule saw.
    words: str = ""
    #: Why the message could not be read as it is (too deep, too long); empty otherwise. Such a message is kept aside.
    trouble: str = ""


NO_BOUNCE = Report(kind=BounceKind.NOT_BOUNCE, rule="none")


def heaviest(kinds: tuple[BounceKind, ...]) -> BounceKind:
    """Return the kind by which a report of many fates is named; NOT_BOUNCE for none."""
    return min(kinds, key=tuple(BounceKind).index, default=BounceKind.NOT_BOUNCE)
