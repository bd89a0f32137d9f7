"""SMTP replies and what follows from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.reply import Accepted, Deferred, Rejected, Reply, Unknown, is_about_us, judge, next_try

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(250, "2.0.0 queued as 4XYZ"), Accepted),
        (Reply(451, "4.3.0 try again"), Deferred),
        (Reply(550, "5.1.1 no such user"), Rejected),
        (Reply(354, "go ahead"), Unknown),
    ],
)
def test_the_first_digit_decides_the_outcome(reply: Reply, outcome: type) -> None:
    assert isinstance(judge(reply), outcome)


def test_the_enhanced_status_is_read_from_the_start_of_the_text() -> None:
    assert Reply(550, "5.1.1 no such user").enhanced == "5.1.1"
    assert Reply(550, "no such user (5.1.1)").enhanced is None
    assert str(Reply(550, "5.1.1 no such user")) == "550 5.1.1 no such user"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5.7.1 blocked", True), ("4.3.2 shutting down", True), ("5.1.1 unknown", False), ("blocked", False)],
)
def test_policy_and_system_statuses_are_about_us(text: str, expected: bool) -> None:  # noqa: FBT001 - a case's value
    assert is_about_us(Reply(550, text)) is expected


def test_a_deferred_letter_waits_longer_after_each_try() -> None:
    waits = [next_try(NOW, attempts, NOW) for attempts in range(1, 9)]

    assert waits[0] == NOW + timedelta(minutes=5)
    assert waits == sorted(waits, key=lambda moment: moment or NOW)
    assert waits[-1] == NOW + timedelta(hours=4)


def test_a_deferred_letter_is_given_up_after_two_days() -> None:
    assert next_try(NOW - timedelta(days=2), 12, NOW) is None
    assert next_try(NOW - timedelta(days=2) + timedelta(seconds=1), 12, NOW) is not None
