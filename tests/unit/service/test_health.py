"""When a mailing should pause itself."""

from __future__ import annotations

import pytest

from newsletter.domain.mailing import DeliveryId
from newsletter.domain.reply import Accepted, Deferred, Outcome, Rejected, Reply, Unknown, judge
from newsletter.domain.sender_health import PauseThresholds
from newsletter.service.health import Health

TAKEN = Accepted(Reply(250, "ok"))
POLICY = Rejected(Reply(550, "5.7.1 your server is not allowed here"))
UNKNOWN_USER = Rejected(Reply(550, "5.1.1 no such user"))


def watched(*outcomes: Outcome, percent: float = 5) -> Health:
    health = Health(PauseThresholds(percent=percent))
    for position, outcome in enumerate(outcomes, start=1):
        health.note(DeliveryId(1, position), outcome)
    return health


def test_ten_policy_refusals_in_a_row_are_about_us_and_blame_nobody_else() -> None:
    health = watched(TAKEN, *[POLICY] * 10)

    assert health.pause_reason is not None
    assert "your server is not allowed here" in health.pause_reason
    assert health.blamed == [DeliveryId(1, position) for position in range(2, 12)]


@pytest.mark.parametrize(
    ("reply", "is_ours"),
    [
        (Reply(550, "relaying denied"), True),
        (Reply(554, "Service unavailable; client host blocked using a list"), True),
        (Reply(550, "5.1.8 sender address rejected: domain not found"), True),
        (Reply(451, "temporary local problem, please try later"), True),
        (Reply(550, "no such user"), False),
        (Reply(552, "5.2.2 mailbox full"), False),
        (Reply(550, "no"), False),
    ],
)
def test_words_tell_whom_a_refusal_is_about_where_the_status_does_not(reply: Reply, *, is_ours: bool) -> None:
    assert (watched(*[judge(reply)] * 10).pause_reason is not None) is is_ours


def test_deferrals_count_towards_the_streak_but_need_not_be_taken_back() -> None:
    health = watched(*[Deferred(Reply(451, "4.7.1 slow down"))] * 10)

    assert health.pause_reason is not None
    assert health.blamed == []


@pytest.mark.parametrize(
    ("code", "text", "is_ours"),
    [
        (450, "4.7.1 Greylisted, see the documentation", False),
        (451, "4.7.1 Greylisting in action, please come back later", False),
        (450, "4.2.0 Recipient address rejected: Greylisted", False),
        (451, "4.7.1 Try again later", False),
        (451, "4.7.1 Please try again in 5 minutes", False),
        (450, "grey-listed, retry in 300 seconds", False),
        (451, "4.7.500 Server busy. Please try again later", True),
        (550, "5.7.1 you are on our greylist for good", True),
    ],
)
def test_servers_that_put_every_strangers_first_try_off_pause_no_mailing(
    code: int, text: str, *, is_ours: bool
) -> None:
    assert (watched(*[judge(Reply(code, text))] * 10).pause_reason is not None) is is_ours


def test_one_accepted_letter_or_one_refused_reader_ends_the_streak() -> None:
    assert watched(*[POLICY] * 9, TAKEN, *[POLICY] * 9).pause_reason is None
    assert watched(*[POLICY] * 9, UNKNOWN_USER, *[POLICY] * 9).pause_reason is None
    assert watched(*[POLICY] * 9, Unknown("lost"), *[POLICY] * 9).pause_reason is None


def test_too_many_rejections_pause_once_there_are_enough_outcomes() -> None:
    one_in_nineteen: list[Outcome] = [UNKNOWN_USER, *[TAKEN] * 18]
    beyond = watched(*one_in_nineteen * 11)

    assert watched(*[UNKNOWN_USER] * 150).pause_reason is None
    assert beyond.pause_reason is not None
    assert "more than 5 in a hundred" in beyond.pause_reason


def test_a_few_rejections_of_many_letters_pause_nothing() -> None:
    assert watched(*[UNKNOWN_USER] * 9, *[TAKEN] * 400).pause_reason is None
    assert watched(*[TAKEN] * 400, *[UNKNOWN_USER] * 10).pause_reason is None
