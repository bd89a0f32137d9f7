"""When an address is suppressed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.bounce_policy import (
    AcceptedAt,
    BouncedAt,
    BouncePolicy,
    ComplainedAt,
    Event,
    decide,
)
from newsletter.domain.suppression import SuppressionReason

_START = datetime(2024, 4, 4, 9, tzinfo=UTC)
_POLICY = BouncePolicy()


def day(number: float) -> datetime:
    return _START + timedelta(days=number)


def a_bounce(
    at: float, *, kind: BounceKind = BounceKind.SOFT, reason: BounceReason = BounceReason.MAILBOX_DISABLED
) -> BouncedAt:
    return BouncedAt(day(at), kind, reason, f"day {at}")


def decided(*history: Event, now: float = 1000) -> SuppressionReason | None:
    decision = decide(history, _POLICY, day(now))
    return decision.reason if decision else None


def test_a_complaint_suppresses_at_once_and_for_good() -> None:
    assert (
        decided(AcceptedAt(day(0)), ComplainedAt(day(1), "abuse"), AcceptedAt(day(14))) is SuppressionReason.COMPLAINT
    )


def test_a_hard_bounce_suppresses_at_once() -> None:
    bounce = a_bounce(0, kind=BounceKind.HARD, reason=BounceReason.UNKNOWN_USER)

    assert decided(bounce, now=0) is SuppressionReason.DEAD_ADDRESS


def test_ambiguous_failures_need_three_days_within_a_week_or_more() -> None:
    assert decided(a_bounce(0), a_bounce(14)) is None
    assert decided(a_bounce(0), a_bounce(3), a_bounce(6)) is None
    assert decided(a_bounce(0), a_bounce(0.1), a_bounce(8)) is None
    assert decided(a_bounce(0), a_bounce(3), a_bounce(8)) is SuppressionReason.REPEATED_BOUNCES


def test_a_full_mailbox_needs_five_reports_over_a_month() -> None:
    full = [a_bounce(number * 8, reason=BounceReason.MAILBOX_FULL) for number in range(5)]

    assert decided(*full[:4]) is None
    assert decided(*full) is SuppressionReason.MAILBOX_FULL


@pytest.mark.parametrize(
    "reason",
    [
        BounceReason.SPAM_CONTENT,
        BounceReason.BLOCKED,
        BounceReason.REPUTATION,
        BounceReason.AUTHENTICATION,
        BounceReason.POLICY,
        BounceReason.RELAYING,
        BounceReason.TOO_BIG,
        BounceReason.RATE_LIMITED,
        BounceReason.NETWORK,
        BounceReason.SYSTEM,
        BounceReason.EXPIRED,
        BounceReason.VIRUS,
    ],
)
def test_what_is_not_the_readers_doing_never_suppresses(reason: BounceReason) -> None:
    assert decided(*(a_bounce(number * 14, reason=reason) for number in range(20))) is None


@pytest.mark.parametrize(
    "kind", [BounceKind.DELAYED, BounceKind.AUTO_REPLY, BounceKind.DELIVERED, BounceKind.NOT_BOUNCE]
)
def test_what_is_no_failure_never_suppresses(kind: BounceKind) -> None:
    assert decided(*(a_bounce(number * 14, kind=kind) for number in range(20))) is None


def test_a_letter_that_was_accepted_and_did_not_come_back_resets() -> None:
    history: list[Event] = [a_bounce(0), a_bounce(14), AcceptedAt(day(28)), a_bounce(42)]

    assert decided(*history) is None
    assert decided(*history, a_bounce(56), a_bounce(70)) is SuppressionReason.REPEATED_BOUNCES


def test_a_letter_that_came_back_later_or_may_yet_does_not_reset() -> None:
    each_came_back: list[Event] = [event for at in (0, 14, 28) for event in (AcceptedAt(day(at)), a_bounce(at + 3))]
    may_yet: list[Event] = [a_bounce(0), a_bounce(14), a_bounce(28), AcceptedAt(day(29))]

    assert decided(*each_came_back, now=32) is SuppressionReason.REPEATED_BOUNCES
    assert decided(*may_yet, now=30) is SuppressionReason.REPEATED_BOUNCES
    assert decided(*may_yet, now=40) is None


def test_the_evidence_is_kept_in_order() -> None:
    decision = decide([a_bounce(8), a_bounce(0), a_bounce(3)], _POLICY, day(9))

    assert decision is not None
    assert decision.evidence == ("day 0", "day 3", "day 8")


def test_nothing_happened_nothing_is_decided() -> None:
    assert decided() is None
