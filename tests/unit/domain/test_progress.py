"""How fast a mailing goes: right soon after its letters begin to leave, whatever was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.progress import Speed

_START = datetime(2026, 3, 12, 9, tzinfo=UTC)


def look(speed: Speed, tried: Callable[[float], int], *, seconds: range) -> list[float | None]:
    """Return the rates seen at those seconds, when so many letters were tried by each."""
    return [speed.note(tried(second), now=_START + timedelta(seconds=second)) for second in seconds]


def steadily(per_second: float, *, since: float, already: int = 0) -> Callable[[float], int]:
    """Make a mailing whose letters leave at one pace from a second on."""
    return lambda second: already + max(0, int((second - since) * per_second))


def test_what_was_idle_before_the_first_letter_counts_for_nothing() -> None:
    rates = look(Speed(), steadily(4, since=20.3), seconds=range(120))

    assert set(rates[:23]) == {None}
    assert all(rate == pytest.approx(4, rel=0.15) for rate in rates[24:])


def test_neither_does_a_pause_whether_somebody_looked_on_or_not() -> None:
    def tried(second: float) -> int:
        return steadily(4, since=0)(min(second, 60)) + steadily(4, since=80)(second)

    followed, left = Speed(), Speed()
    look(left, tried, seconds=range(20))

    assert all(rate == pytest.approx(4, rel=0.15) for rate in look(followed, tried, seconds=range(140))[84:])
    assert all(rate == pytest.approx(4, rel=0.15) for rate in look(left, tried, seconds=range(75, 140))[9:])


def test_after_a_pause_it_begins_anew() -> None:
    speed = Speed()
    look(speed, steadily(4, since=0), seconds=range(30))
    speed.forget()
    rates = look(speed, steadily(8, since=32, already=116), seconds=range(32, 60))

    assert set(rates[:3]) == {None}
    assert all(rate == pytest.approx(8) for rate in rates[3:])


def test_letters_that_are_few_and_far_between_make_a_steady_rate() -> None:
    rates = look(Speed(), steadily(0.1, since=0), seconds=range(120))

    assert all(rate == pytest.approx(0.1) for rate in rates[20:])


def test_when_no_more_letters_leave_the_rate_falls_until_it_is_none() -> None:
    def tried(second: float) -> int:
        return steadily(4, since=0)(min(second, 40))

    rates = [rate or 0 for rate in look(Speed(), tried, seconds=range(80))]

    assert rates[41] == 4
    assert sorted(rates[41:], reverse=True) == rates[41:]
    assert rates[55] < 3
    assert set(rates[70:]) == {0}


def test_letters_taken_back_are_not_counted_backwards() -> None:
    speed = Speed()
    look(speed, steadily(4, since=0), seconds=range(30))

    assert speed.note(10, now=_START + timedelta(seconds=30)) is None


def test_a_page_that_is_loaded_every_five_seconds_has_a_rate_too() -> None:
    rates = look(Speed(), steadily(4, since=7), seconds=range(0, 60, 5))

    assert all(rate == pytest.approx(4) for rate in rates[3:])
