"""A sender's health: what is refused and what comes back, by mailing and by domain, and when that is too much."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from newsletter.domain.bounce import BounceKind
from newsletter.domain.mailing import DeliveryStatus

_HUNDRED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderFigures:
    """What became of a mailing's letters, each counted once."""

    #: the relay took responsibility
    accepted: int = 0
    #: refused for good when they were handed over
    rejected: int = 0
    #: accepted, and came back for good: the address is dead, or we are not wanted
    bounced: int = 0
    #: the reader, or his provider for him, called the letter spam
    complaints: int = 0
    #: whether an editor had the mailing go on at other figures, and these came on top
    is_resumed: bool = False

    @property
    def outcomes(self) -> int:
        return self.accepted + self.rejected

    def since(self, seen: SenderFigures) -> SenderFigures:
        """Return what came on top of figures that an editor has seen. What was taken back since then counts as none."""
        return SenderFigures(
            accepted=max(0, self.accepted - seen.accepted),
            rejected=max(0, self.rejected - seen.rejected),
            bounced=max(0, self.bounced - seen.bounced),
            complaints=max(0, self.complaints - seen.complaints),
            is_resumed=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseThresholds:
    """A mailing pauses itself at these shares, but not before the counts beside them are reached."""

    #: of letters that were refused or came back for good, in a hundred …
    percent: float = 5
    #: … of at least so many outcomes …
    outcomes: int = 200
    #: … and at least so many such letters
    rejections: int = 10
    #: of accepted letters that were called spam, in a hundred …
    complaint_percent: float = 0.1
    #: … and at least so many of them
    complaints: int = 3


def find_pause_reason(figures: SenderFigures, thresholds: PauseThresholds) -> str | None:
    """Return one sentence why a mailing should pause, None if what comes back is ordinary."""
    failed = figures.rejected + figures.bounced
    is_enough = figures.outcomes >= thresholds.outcomes and failed >= thresholds.rejections
    if is_enough and failed * _HUNDRED >= thresholds.percent * figures.outcomes:
        what = f"letters were {_name_failures(figures)}"
        return _word(figures, failed, figures.outcomes, what, thresholds.percent)
    is_unwanted = figures.complaints * _HUNDRED >= thresholds.complaint_percent * figures.accepted
    if figures.complaints >= thresholds.complaints and is_unwanted:
        what = "readers reported the letter as spam"
        return _word(figures, figures.complaints, figures.accepted, what, thresholds.complaint_percent)
    return None


def _word(figures: SenderFigures, count: int, total: int, what: str, percent: float) -> str:
    if figures.is_resumed:  # what comes back now may be about letters of before
        share = (
            f"Since the mailing was resumed, {count} {what} and {total} went out: more than {percent:g} in a hundred."
        )
    else:
        share = f"{count} of {total} {what}, more than {percent:g} in a hundred."
    return f"{share} Look at the reasons in the report before you resume."


def _name_failures(figures: SenderFigures) -> str:
    match figures.rejected, figures.bounced:
        case _, 0:
            return "rejected"
        case 0, _:
            return "accepted and came back for good"
        case _:
            return f"rejected ({figures.rejected}) or came back for good ({figures.bounced})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFigures:
    """What became of a mailing's letters to one domain."""

    #: None for all that are not listed by themselves, erased readers among them
    domain: str | None
    counts: Counter[DeliveryStatus] = field(default_factory=Counter)
    #: letters that reports are about, by kind
    came_back: Counter[BounceKind] = field(default_factory=Counter)
    #: of letters that were rejected or came back
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def intended(self) -> int:
        return self.counts.total()

    @property
    def failed(self) -> int:
        """Count what was refused for good and what came back."""
        return self.reasons.total()

    def copy(self) -> DomainFigures:
        return DomainFigures(
            domain=self.domain,
            counts=self.counts.copy(),
            came_back=self.came_back.copy(),
            reasons=self.reasons.copy(),
        )

    def include(self, other: DomainFigures) -> None:
        """Add another domain's figures to these."""
        self.counts.update(other.counts)
        self.came_back.update(other.came_back)
        self.reasons.update(other.reasons)
