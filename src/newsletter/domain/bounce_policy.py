"""When bounces and complaints end in a suppression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.domain.bounce import BounceKind, BounceReason, is_about_sender
from newsletter.domain.sender_health import PauseThresholds
from newsletter.domain.suppression import SuppressionReason


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncePolicy:
    """The thresholds."""

    #: failures of the reader's, none of them decisive: on so many different days …
    ambiguous_days: int = 3
    #: … and so far apart from first to last
    ambiguous_span: timedelta = timedelta(days=7)
    #: reports of a full mailbox: so many …
    full_count: int = 5
    #: … and so far apart from first to last
    full_span: timedelta = timedelta(days=30)
    #: an accepted letter counts as delivered when no report came for so long; most servers give up after five days
    quiet: timedelta = timedelta(days=5)
    #: when what comes back pauses a running mailing
    pause: PauseThresholds = field(default_factory=PauseThresholds)


@dataclass(frozen=True, slots=True)
class AcceptedAt:
    """The relay took a letter to the address."""

    at: datetime


@dataclass(frozen=True, slots=True)
class BouncedAt:
    """A letter failed: refused when it was handed over, or reported later with a valid token."""

    at: datetime
    kind: BounceKind
    reason: BounceReason
    evidence: str


@dataclass(frozen=True, slots=True)
class ComplainedAt:
    """The reader called a letter spam, by a report with a valid token."""

    at: datetime
    evidence: str


Event = AcceptedAt | BouncedAt | ComplainedAt


@dataclass(frozen=True, slots=True)
class Decision:
    """Suppress the address, for this reason."""

    reason: SuppressionReason
    #: the words of each event that led to it, the oldest first
    evidence: tuple[str, ...]


def decide(history: Sequence[Event], policy: BouncePolicy, now: datetime) -> Decision | None:
    """Decide about one address from what happened to it, in any order.

    ``history`` holds attributed events only, and none from before a suppression was lifted. The same history always
    gives the same decision, so it can be decided anew after a rule changed.
    """
    complaints = [event for event in history if isinstance(event, ComplainedAt)]
    if complaints:
        return _decide(SuppressionReason.COMPLAINT, complaints)
    bounces = _since_last_success(history, policy, now)
    hard = [bounce for bounce in bounces if bounce.kind is BounceKind.HARD]
    if hard:
        return _decide(SuppressionReason.DEAD_ADDRESS, hard)
    soft = [bounce for bounce in bounces if bounce.kind is BounceKind.SOFT and not is_about_sender(bounce.reason)]
    full = [bounce for bounce in soft if bounce.reason is BounceReason.MAILBOX_FULL]
    if len(full) >= policy.full_count and _span(full) >= policy.full_span:
        return _decide(SuppressionReason.MAILBOX_FULL, full)
    ambiguous = [bounce for bounce in soft if bounce.reason is not BounceReason.MAILBOX_FULL]
    days = {bounce.at.date() for bounce in ambiguous}
    if len(days) >= policy.ambiguous_days and _span(ambiguous) >= policy.ambiguous_span:
        return _decide(SuppressionReason.REPEATED_BOUNCES, ambiguous)
    return None


def _since_last_success(history: Sequence[Event], policy: BouncePolicy, now: datetime) -> list[BouncedAt]:
    """Return the bounces behind the last letter that was accepted and not reported back in time."""
    bounces = sorted((event for event in history if isinstance(event, BouncedAt)), key=lambda bounce: bounce.at)
    failures = [bounce.at for bounce in bounces if bounce.kind in {BounceKind.HARD, BounceKind.SOFT}]
    delivered = [
        event.at
        for event in history
        if isinstance(event, AcceptedAt)
        and event.at + policy.quiet <= now
        and not any(event.at <= failure <= event.at + policy.quiet for failure in failures)
    ]
    return [bounce for bounce in bounces if not delivered or bounce.at > max(delivered)]


def _span(bounces: list[BouncedAt]) -> timedelta:
    return bounces[-1].at - bounces[0].at


def _decide(reason: SuppressionReason, events: Sequence[BouncedAt | ComplainedAt]) -> Decision:
    return Decision(reason, tuple(event.evidence for event in sorted(events, key=lambda event: event.at)))
