from __future__ import annotations

from datetime import UTC, datetime, timedelta

from newsletter.domain.aftermath import EventKind, spread

START = datetime(2026, 3, 12, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEFT = EventKind.UNSUBSCRIBE


def test_nothing_that_happened_has_no_intervals() -> None:
    assert spread([], start=START) == ()


def test_events_within_two_days_are_counted_by_the_hour_with_the_empty_hours_between() -> None:
    events = [(START + HOUR / 2, LEFT), (START + 3 * HOUR, EventKind.BOUNCE), (START + 3.5 * HOUR, LEFT)]
    intervals = spread(events, start=START)

    assert [interval.start for interval in intervals] == [START + number * HOUR for number in range(4)]
    assert [interval.counts[LEFT] for interval in intervals] == [1, 0, 0, 1]
    assert [interval.counts[EventKind.BOUNCE] for interval in intervals] == [0, 0, 0, 1]


def test_a_longer_time_is_counted_by_the_day_and_nothing_is_lost_beyond_sixty() -> None:
    days = [timedelta(days=number) for number in (0, 5, 80, -1)]
    intervals = spread([(START + day, LEFT) for day in days], start=START)

    assert len(intervals) == 60
    assert sum(interval.counts[LEFT] for interval in intervals) == 4
    assert (intervals[0].counts[LEFT], intervals[-1].counts[LEFT]) == (2, 1)
