"""What the relay allows, and when the rest can leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.budget import (
    DAY,
    HOUR,
    Limits,
    Spending,
    Stretch,
    WarmUp,
    count_room,
    find_gap,
    find_quota_wait,
    find_reserved,
    foresee_end,
)

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
A_LITTLE = timedelta(seconds=1)


def spent(*minutes_and_letters: tuple[float, int]) -> list[Spending]:
    return [Spending(NOW - timedelta(minutes=minutes), letters) for minutes, letters in minutes_and_letters]


def test_without_quotas_there_is_room_for_everything() -> None:
    limits = Limits(messages_per_second=2)

    assert count_room(limits, spent((1, 1000)), now=NOW) is None
    assert find_quota_wait(limits, spent((1, 1000)), now=NOW) is None
    assert not limits.are_none
    assert Limits().are_none


def test_what_was_spent_is_free_again_after_its_hour() -> None:
    limits = Limits(messages_per_hour=40)

    assert count_room(limits, spent((59, 30), (10, 4)), now=NOW) == 6
    assert count_room(limits, spent((60, 30), (10, 4)), now=NOW) == 36


def test_the_narrower_quota_decides() -> None:
    limits = Limits(messages_per_hour=40, messages_per_day=45)

    assert count_room(limits, spent((90, 30)), now=NOW) == 15


def test_a_share_is_kept_for_notices() -> None:
    limits = Limits(messages_per_hour=500)

    assert count_room(limits, spent((10, 480)), now=NOW) == 10
    assert count_room(limits, spent((10, 490)), now=NOW) == 0
    assert count_room(limits, spent((10, 490)), now=NOW, for_notices=True) == 10
    assert find_quota_wait(limits, spent((10, 490)), now=NOW, for_notices=True) is None


def test_a_wait_lasts_until_the_first_letter_may_leave() -> None:
    wait = find_quota_wait(Limits(messages_per_hour=40), spent((50, 10), (20, 30)), now=NOW)

    assert wait is not None
    assert wait.until == NOW + timedelta(minutes=10)
    assert wait.why == "The limit of 40 letters an hour is reached"


def test_a_limit_that_was_lowered_meanwhile_is_waited_for_too() -> None:
    wait = find_quota_wait(Limits(messages_per_hour=40), spent((50, 10), (20, 60), (10, 10)), now=NOW)

    assert wait is not None
    assert wait.until == NOW + timedelta(minutes=40)


@pytest.mark.parametrize(
    ("letters", "limits", "past", "after"),
    [
        (0, Limits(messages_per_hour=500), [], timedelta()),
        (490, Limits(messages_per_hour=500), [], timedelta()),
        (1200, Limits(messages_per_hour=500), [], 2 * HOUR),
        (1200, Limits(messages_per_hour=500), spent((30, 490)), 2.5 * HOUR),
        (588, Limits(messages_per_second=2), [], timedelta(minutes=5)),
        (100, Limits(messages_per_hour=49, messages_per_day=60), [], DAY),
        (1_000_000, Limits(messages_per_day=10_000), [], 102 * DAY),
        (1_000_000, Limits(messages_per_hour=1_000), [], 1020 * HOUR),
    ],
)
def test_the_end_is_foreseen(letters: int, limits: Limits, past: list[Spending], after: timedelta) -> None:
    assert foresee_end(letters, limits, past, start=NOW) == NOW + after


def test_a_rate_and_a_quota_together_take_their_turns() -> None:
    end = foresee_end(980, Limits(messages_per_second=1, messages_per_hour=500), [], start=NOW)

    # 490 letters take 500 s; the first of the second hour may leave an hour after the first ones had left.
    assert timedelta(minutes=68) - A_LITTLE < end - NOW < timedelta(minutes=69)


def test_the_domain_that_most_letters_go_to_decides_where_domains_have_a_rate() -> None:
    limits = Limits(messages_per_second=100, per_domain_per_second=1)

    assert foresee_end(9800, limits, [], start=NOW, to_one_domain=60) == NOW + timedelta(seconds=100)
    assert foresee_end(9800, limits, [], start=NOW, to_one_domain=6000) == NOW + timedelta(seconds=6000)


@given(
    letters=st.integers(1, 400),
    hourly=st.integers(1, 60),
    daily=st.integers(0, 300),
    past=st.lists(st.tuples(st.floats(0, 1500), st.integers(1, 40)), max_size=6),
)
def test_the_foreseen_end_is_the_one_that_obedience_leads_to(
    letters: int, hourly: int, daily: int, past: list[tuple[float, int]]
) -> None:
    limits, ledger, now = Limits(messages_per_hour=hourly, messages_per_day=daily), spent(*past), NOW
    left = letters
    while left:
        room = count_room(limits, ledger, now=now) or 0
        taken = min(room, left)
        left -= taken
        if taken:
            ledger.append(Spending(now, taken))
        if left:
            wait = find_quota_wait(limits, ledger, now=now)
            assert wait is not None
            assert wait.until > now
            now = wait.until

    foreseen = foresee_end(letters, limits, spent(*past), start=NOW)
    # Whole hours are not played through one by one, so that what was spent before may count an hour too long.
    assert abs(foreseen - now) <= (DAY if daily else HOUR)


#: Of a sender whose second day it is.
WARM_UP = Limits(warm_up=WarmUp(first=NOW.date() - DAY, letters=100, growth=1.5))


def test_a_new_sender_has_more_letters_each_day() -> None:
    rooms = [count_room(WARM_UP, [], now=NOW + days * DAY) for days in (-1, 0, 1, 2)]

    assert rooms == [100, 150, 225, 337]
    assert not WARM_UP.are_none


def test_the_letters_of_the_last_24_hours_count_in_a_warm_up_and_notices_do_not_wait_for_it() -> None:
    assert count_room(WARM_UP, spent((600, 100)), now=NOW) == 50
    assert count_room(WARM_UP, spent((1440, 100)), now=NOW) == 150
    assert find_quota_wait(WARM_UP, spent((60, 150)), now=NOW, for_notices=True) is None


def test_what_a_warm_up_does_not_let_out_waits_for_midnight_or_for_yesterdays_letters_to_be_a_day_old() -> None:
    wait = find_quota_wait(WARM_UP, spent((60, 150)), now=NOW)
    after_yesterday = find_quota_wait(WARM_UP, spent((1400, 100), (60, 50)), now=NOW)

    assert wait is not None
    assert wait.until == datetime(2026, 3, 13, tzinfo=UTC)
    assert wait.why == "While the sender is warmed up, 150 letters may leave in 24 hours"
    assert after_yesterday is not None
    assert after_yesterday.until == NOW + timedelta(minutes=40)


def test_the_end_of_a_mailing_in_a_warm_up_is_foreseen() -> None:
    # 150 at once, 225 - 150 at midnight, 150 more at nine, 337 - 225 at the next midnight: that is 487.
    assert foresee_end(487, WARM_UP, [], start=NOW) == datetime(2026, 3, 14, tzinfo=UTC)


def test_the_growth_of_a_warm_up_ends_before_it_is_beyond_all_numbers() -> None:
    assert count_room(WARM_UP, [], now=NOW + 4000 * DAY) == count_room(WARM_UP, [], now=NOW + 60 * DAY)


#: Of which notices have one in fifty.
TWO_A_SECOND = Limits(messages_per_second=100 / 49)


def stretch(starts_in: float, ends_in: float) -> Stretch:
    return Stretch(NOW + timedelta(seconds=starts_in), NOW + timedelta(seconds=ends_in))


@pytest.mark.parametrize(
    ("taken", "gap"),
    [
        ([], (0, 15)),
        ([stretch(-5, 10)], (10, 25)),
        ([stretch(10, 25), stretch(-5, 10)], (25, 40)),
        # What was given back ends before what is planned behind it.
        ([stretch(-5, 1), stretch(10, 10.5)], (1, 10)),
        ([stretch(10, 10.5)], (0, 10)),
        # Less than a letter's time is no gap.
        ([stretch(-5, 1), stretch(1.4, 10)], (10, 25)),
        ([stretch(-5, 1), stretch(1.5, 10)], (1, 1.5)),
    ],
)
def test_the_first_gap_in_a_relays_time_is_what_nobody_has_planned(
    taken: list[Stretch], gap: tuple[float, float]
) -> None:
    assert find_gap(taken, TWO_A_SECOND, now=NOW) == stretch(*gap)


def test_of_a_slow_relay_one_letters_time_is_found() -> None:
    assert find_gap([], Limits(messages_per_second=1 / 98), now=NOW) == stretch(0, 100)


@pytest.mark.parametrize(("per_second", "apart", "most", "span"), [(10, 1, 6, 30), (0.5, 100, 1, 100)])
def test_notices_have_one_in_fifty_of_a_rate_for_themselves_and_no_second_has_a_tenth_more(
    per_second: float, apart: float, most: int, span: float
) -> None:
    limits = Limits(messages_per_second=per_second)
    begun: list[Stretch] = []
    for _ in range(2 * most):
        at = find_reserved(begun, limits, now=NOW)
        begun.append(Stretch(at, at + limits.reserve_span))
    times = [(each.starts_at - NOW).total_seconds() for each in begun]

    assert times == [apart * number for number in range(most)] + [span + apart * number for number in range(most)]
    assert limits.mailings_per_second * span + most == pytest.approx(per_second * span)
