"""The delivery's next state after an attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.address import EmailAddress
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy
from newsletter.domain.reply import Accepted, Deferred, Outcome, Rejected, Reply, Unknown
from newsletter.domain.settlement import Settlement, settle
from newsletter.domain.topic import Topic

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


def settled(
    outcome: Outcome,
    *,
    first_try_at: datetime | None = None,
    doubtful: DoubtfulPolicy = DoubtfulPolicy.RESEND,
    is_decisive: bool = False,
    is_resent: bool = False,
) -> Settlement:
    recipient = Recipient(
        delivery=DeliveryId(1, 2),
        address=EmailAddress("reader@example.org"),
        public_id=b"12345678",
        topics=Topic.everything(),
        attempts=0 if first_try_at is None else 5,
        first_try_at=first_try_at,
        is_resent=is_resent,
    )
    return settle(recipient, outcome, now=NOW, doubtful=doubtful, reason="unknown_user", is_decisive=is_decisive)


def test_the_relays_last_words_are_kept() -> None:
    settlement = settled(Accepted(Reply(250, "2.0.0 queued as 4XYZ")))

    assert settlement.status is DeliveryStatus.ACCEPTED
    assert (settlement.reply_code, settlement.reply_text) == (250, "2.0.0 queued as 4XYZ")


def test_a_deferred_letter_comes_back_by_itself() -> None:
    settlement = settled(Deferred(Reply(451, "try later")))

    assert settlement.status is DeliveryStatus.DEFERRED
    assert settlement.next_try_at == NOW + timedelta(minutes=5)


def test_a_deferral_that_ran_out_is_a_rejection_and_says_so() -> None:
    settlement = settled(Deferred(Reply(451, "try later")), first_try_at=NOW - timedelta(days=2))

    assert settlement.status is DeliveryStatus.REJECTED
    assert settlement.reason == "expired"
    assert not settlement.is_suppressing


@pytest.mark.parametrize("is_decisive", [True, False])
def test_only_a_decisive_rejection_suppresses(is_decisive: bool) -> None:  # noqa: FBT001 - a case's value
    settlement = settled(Rejected(Reply(550, "5.1.1 no such user")), is_decisive=is_decisive)

    assert settlement.status is DeliveryStatus.REJECTED
    assert settlement.reason == "unknown_user"
    assert settlement.is_suppressing is is_decisive


def test_what_may_have_arrived_is_sent_again_held_or_asked_about_as_configured() -> None:
    lost = Unknown("The connection was lost.")

    assert settled(lost, doubtful=DoubtfulPolicy.RESEND).status is DeliveryStatus.QUEUED
    assert settled(lost, doubtful=DoubtfulPolicy.RESEND).is_resent
    assert settled(lost, doubtful=DoubtfulPolicy.RESEND, is_resent=True).status is DeliveryStatus.DOUBTFUL
    assert settled(lost, doubtful=DoubtfulPolicy.HOLD).status is DeliveryStatus.DOUBTFUL
    assert settled(lost, doubtful=DoubtfulPolicy.ASK).status is DeliveryStatus.DOUBTFUL
