"""What becomes of a notice after one attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.notice import Notice, NoticeKind, settle_notice
from newsletter.domain.reply import Accepted, Deferred, Outcome, Rejected, Reply, Unknown

QUEUED = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def a_notice(*, attempts: int = 1) -> Notice:
    return Notice(
        id=7,
        kind=NoticeKind.CONFIRM,
        address=EmailAddress("ada@example.org"),
        public_id=b"12345678",
        queued_at=QUEUED,
        attempts=attempts,
    )


@pytest.mark.parametrize(
    ("outcome", "status", "reply"),
    [
        (Accepted(Reply(250, "2.0.0 queued")), DeliveryStatus.ACCEPTED, "250 2.0.0 queued"),
        (Rejected(Reply(550, "5.1.1 no such user")), DeliveryStatus.REJECTED, "550 5.1.1 no such user"),
    ],
)
def test_a_final_answer_settles_a_notice(outcome: Outcome, status: DeliveryStatus, reply: str) -> None:
    settlement = settle_notice(a_notice(), outcome, now=QUEUED)

    assert (settlement.status, settlement.reply, settlement.due_at) == (status, reply, None)


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 5), (2, 15), (3, 30)])
def test_a_deferred_notice_is_tried_again_ever_later(attempts: int, minutes: int) -> None:
    settlement = settle_notice(a_notice(attempts=attempts), Deferred(Reply(451, "4.3.0 later")), now=QUEUED)

    assert settlement.status is DeliveryStatus.DEFERRED
    assert settlement.due_at == QUEUED + timedelta(minutes=minutes)


def test_a_notice_that_may_have_arrived_is_sent_again() -> None:
    settlement = settle_notice(a_notice(), Unknown("The connection was lost."), now=QUEUED)

    assert settlement.status is DeliveryStatus.QUEUED
    assert settlement.due_at == QUEUED + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Deferred(Reply(451, "4.3.0 later")), DeliveryStatus.REJECTED),
        (Unknown("The connection was lost."), DeliveryStatus.DOUBTFUL),
    ],
)
def test_after_two_days_a_notice_is_given_up(outcome: Outcome, status: DeliveryStatus) -> None:
    settlement = settle_notice(a_notice(attempts=20), outcome, now=QUEUED + timedelta(days=2))

    assert (settlement.status, settlement.due_at) == (status, None)
