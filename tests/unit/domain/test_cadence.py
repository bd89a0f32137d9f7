from __future__ import annotations

import datetime as dt
import subprocess
import sys
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.cadence import Cadence, Calendar, Slot, SlotChange, SlotStatus, Window
from newsletter.errors import ConfigurationError, InputError, RefusedError

_HAND_CHECKED = Path(__file__).with_name("cadence_stockholm.txt")


def a_cadence(
    first: str = "2026-01-08", *, weeks: int = 2, at: str = "09:00", timezone: str = "Europe/Stockholm"
) -> Cadence:
    return Cadence(first=day(first), weeks=weeks, at=dt.time.fromisoformat(at), timezone=timezone)


def a_calendar(*changes: SlotChange, cadence: Cadence | None = None) -> Calendar:
    return Calendar(cadence=cadence or a_cadence(), changes=changes)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def skipped(date: str, reason: str = "") -> SlotChange:
    return SlotChange(date=day(date), status=SlotStatus.SKIPPED, reason=reason)


def moved(date: str, to: str) -> SlotChange:
    return SlotChange(date=day(date), status=SlotStatus.MOVED, moved_to=day(to))


def extra(date: str) -> SlotChange:
    return SlotChange(date=day(date), status=SlotStatus.EXTRA)


def first_dates(calendar: Calendar, count: int) -> list[str]:
    return [str(slot) for slot in islice(calendar.slots(), count)]


def an_existing(slot: Slot | None) -> Slot:
    assert slot is not None
    return slot


# The rule


def test_three_hundred_slots_fall_where_they_were_counted_by_hand() -> None:
    lines = [line.split() for line in _HAND_CHECKED.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    expected = [(day(date), dt.datetime.fromisoformat(at), status) for date, at, status in lines]
    calendar = a_calendar(
        skipped("2026-12-24"), skipped("2033-04-07"), moved("2028-03-30", "2028-03-24"), extra("2030-10-27")
    )

    slots = list(islice(calendar.slots(), 300))

    assert len(expected) == 300
    assert [(slot.date, slot.at, slot.status) for slot in slots] == expected


@pytest.mark.parametrize(
    ("date", "instant"),
    [
        ("2026-03-19", "2026-03-19T08:00"),  # the last before summer time (29 March)
        ("2026-04-02", "2026-04-02T07:00"),
        ("2026-10-15", "2026-10-15T07:00"),  # the last before winter time (25 October)
        ("2026-10-29", "2026-10-29T08:00"),
    ],
)
def test_a_slot_keeps_its_local_time_across_daylight_saving(date: str, instant: str) -> None:
    assert an_existing(a_calendar().slot_on(day(date))).at == utc(instant)


@pytest.mark.parametrize(
    ("date", "instant"),
    [
        ("2026-04-02", "2026-04-01T22:00"),  # summer, UTC+11, until 5 April
        ("2026-04-16", "2026-04-15T23:00"),
        ("2026-10-01", "2026-09-30T23:00"),  # winter, UTC+10, until 4 October
        ("2026-10-15", "2026-10-14T22:00"),
    ],
)
def test_the_southern_hemisphere_changes_the_other_way_round(date: str, instant: str) -> None:
    calendar = a_calendar(cadence=a_cadence(timezone="Australia/Sydney"))

    assert an_existing(calendar.slot_on(day(date))).at == utc(instant)


def test_daylight_saving_of_half_an_hour_is_kept_to_the_minute() -> None:
    calendar = a_calendar(cadence=a_cadence(timezone="Australia/Lord_Howe"))

    assert an_existing(calendar.slot_on(day("2026-04-02"))).at == utc("2026-04-01T22:00")
    assert an_existing(calendar.slot_on(day("2026-04-16"))).at == utc("2026-04-15T22:30")


@pytest.mark.parametrize(
    ("in_week_53", "weeks", "following"),
    [
        ("2026-12-31", 1, "2027-01-07"),
        ("2026-12-31", 2, "2027-01-14"),
        ("2032-12-30", 1, "2033-01-06"),
        ("2032-12-30", 2, "2033-01-13"),
    ],
)
def test_a_year_of_53_weeks_does_not_shift_the_rule(in_week_53: str, weeks: int, following: str) -> None:
    days = a_cadence(in_week_53, weeks=weeks).days()

    assert day(in_week_53).isocalendar().week == 53
    assert list(islice(days, 2)) == [day(in_week_53), day(following)]


@pytest.mark.parametrize(
    ("timezone", "date", "at", "instant"),
    [
        ("Europe/Stockholm", "2026-03-29", "02:30", "2026-03-29T01:00"),
        ("Europe/Stockholm", "2026-03-29", "02:00", "2026-03-29T01:00"),
        ("Europe/Stockholm", "2026-03-29", "01:59:59", "2026-03-29T00:59:59"),
        ("Europe/Stockholm", "2026-03-29", "02:59:59.999999", "2026-03-29T01:00"),
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30"),
        ("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30T10:00"),  # a whole day, left out at the date line
    ],
)
def test_a_time_that_the_clocks_skip_happens_when_they_have_jumped(
    timezone: str, date: str, at: str, instant: str
) -> None:
    assert a_cadence(at=at, timezone=timezone).instant(day(date)) == utc(instant)


@pytest.mark.parametrize(
    ("timezone", "date", "at", "instant"),
    [
        ("Europe/Stockholm", "2026-10-25", "02:30", "2026-10-25T00:30"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),
    ],
)
def test_a_time_that_the_clocks_show_twice_is_its_first_showing(
    timezone: str, date: str, at: str, instant: str
) -> None:
    assert a_cadence(at=at, timezone=timezone).instant(day(date)) == utc(instant)


def test_the_second_showing_cannot_be_asked_for() -> None:
    cadence = Cadence(first=day("2026-10-25"), at=dt.time(2, 30, fold=1), timezone="Europe/Stockholm")

    assert cadence.instant(cadence.first) == utc("2026-10-25T00:30")


def test_a_slot_in_the_gap_is_not_dropped() -> None:
    calendar = a_calendar(cadence=a_cadence("2026-03-15", at="02:30"))

    assert first_dates(calendar, 3) == ["2026-03-15", "2026-03-29", "2026-04-12"]


@pytest.mark.parametrize("timezone", ["Europe/Stokholm", "Europe", "", "../etc"])
def test_an_unknown_zone_is_refused_by_name(timezone: str) -> None:
    with pytest.raises(ConfigurationError, match=r"timezone .* is unknown: write a name such as"):
        a_cadence(timezone=timezone)


def test_a_cadence_of_no_weeks_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="weeks is 0: write 1 or more"):
        a_cadence(weeks=0)


def test_a_local_time_with_a_zone_of_its_own_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="its zone belongs in timezone"):
        a_cadence(at="09:00+02:00")


def test_the_cadence_needs_no_scheduler() -> None:
    program = "import sys, newsletter.domain.cadence; sys.exit('apscheduler' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# What is due


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-01-08T07:59:59", None),
        ("2026-01-08T08:00", "2026-01-08"),
        ("2026-01-22T07:59:59", "2026-01-08"),
        ("2026-01-22T08:00", "2026-01-22"),
        ("2026-03-01T00:00", "2026-02-19"),
    ],
)
def test_the_slot_due_is_the_latest_whose_instant_has_come(now: str, due: str | None) -> None:
    slot = a_calendar().due(utc(now))

    assert (slot and str(slot)) == due


def test_a_skipped_slot_is_never_due() -> None:
    assert str(a_calendar(skipped("2026-01-22")).due(utc("2026-01-23"))) == "2026-01-08"


def test_the_earliest_slot_after_an_instant_is_strictly_later() -> None:
    assert str(a_calendar().earliest_after(utc("2026-01-08T07:59"))) == "2026-01-08"
    assert str(a_calendar().earliest_after(utc("2026-01-08T08:00"))) == "2026-01-22"


def test_a_slot_is_found_by_its_own_date_wherever_it_was_moved() -> None:
    calendar = a_calendar(moved("2026-01-22", "2026-02-10"), skipped("2026-02-05", "no editors"))

    assert an_existing(calendar.slot_on(day("2026-01-22"))).day == day("2026-02-10")
    assert an_existing(calendar.slot_on(day("2026-02-05"))).reason == "no editors"
    assert calendar.slot_on(day("2026-02-10")) is None


# Windows


def test_a_window_runs_from_the_slot_before_to_its_own() -> None:
    window = an_existing(a_calendar().slot_on(day("2026-04-02"))).window

    assert window == Window(opens=utc("2026-03-19T08:00"), closes=utc("2026-04-02T07:00"))
    assert window.covers(utc("2026-03-19T08:00"))
    assert not window.covers(utc("2026-03-19T07:59:59"))
    assert not window.covers(utc("2026-04-02T07:00"))


def test_the_first_window_covers_everything_before_the_first_slot() -> None:
    window = next(a_calendar().slots()).window

    assert window.opens is None
    assert window.covers(utc("1999-01-01"))
    assert not window.covers(utc("2026-01-08T08:00"))


def test_the_window_of_a_skipped_slot_falls_to_the_next() -> None:
    first, skip, after = islice(a_calendar(skipped("2026-01-22")).agenda(), 3)

    assert after.window == Window(opens=first.at, closes=after.at)
    assert not skip.window.covers(skip.at)
    assert not skip.window.covers(first.at)


def test_if_the_first_slot_is_skipped_the_next_covers_everything_before() -> None:
    assert next(a_calendar(skipped("2026-01-08")).slots()).window == Window(opens=None, closes=utc("2026-01-22T08:00"))


# Changes


def test_a_moved_slot_may_leap_over_its_neighbours_and_stays_itself() -> None:
    change = a_calendar().move(day("2026-01-22"), day("2026-02-10"), reason="holiday")

    calendar = a_calendar(change)

    assert change == SlotChange(
        date=day("2026-01-22"), status=SlotStatus.MOVED, moved_to=day("2026-02-10"), reason="holiday"
    )
    assert first_dates(calendar, 4) == ["2026-01-08", "2026-02-05", "2026-01-22 (moved to 2026-02-10)", "2026-02-19"]


@pytest.mark.parametrize("to", ["2026-01-22", "2026-01-23"])
def test_a_slot_is_not_moved_to_the_day_that_it_falls_on_already(to: str) -> None:
    calendar = a_calendar() if to == "2026-01-22" else a_calendar(moved("2026-01-22", to))

    with pytest.raises(RefusedError, match=rf"^The slot of 2026-01-22 falls on {to} already: nothing has to change\.$"):
        calendar.move(day("2026-01-22"), day(to), reason="none")


def test_a_slot_moved_back_is_planned_again() -> None:
    before = a_calendar(moved("2026-01-22", "2026-01-23"))

    calendar = a_calendar(*before.changes, before.move(day("2026-01-22"), day("2026-01-22"), reason=""))

    assert [slot.status for slot in islice(calendar.slots(), 2)] == ["planned", "planned"]
    assert first_dates(calendar, 2) == ["2026-01-08", "2026-01-22"]


def test_a_skipped_slot_can_be_added_back_as_the_rule_had_it() -> None:
    before = a_calendar(skipped("2026-01-22"))

    calendar = a_calendar(*before.changes, before.add(day("2026-01-22"), reason="we can after all"))

    slot = an_existing(calendar.slot_on(day("2026-01-22")))
    assert (slot.status, slot.reason) == (SlotStatus.PLANNED, "we can after all")


def test_an_extra_slot_may_come_before_the_first() -> None:
    calendar = a_calendar(a_calendar().add(day("2026-01-02"), reason="launch"))

    first = next(calendar.slots())
    assert (str(first), first.status, first.window.opens) == ("2026-01-02", SlotStatus.EXTRA, None)


def test_an_extra_slot_can_be_moved_skipped_and_added_again() -> None:
    changes = [extra("2026-01-15")]
    changes.append(a_calendar(*changes).move(day("2026-01-15"), day("2026-01-16"), reason=""))
    on_friday = an_existing(a_calendar(*changes).slot_on(day("2026-01-15")))
    changes.append(a_calendar(*changes).skip(day("2026-01-15"), reason=""))
    without = first_dates(a_calendar(*changes), 2)
    changes.append(a_calendar(*changes).add(day("2026-01-15"), reason=""))

    assert (on_friday.day, on_friday.status) == (day("2026-01-16"), SlotStatus.EXTRA)
    assert without == ["2026-01-08", "2026-01-22"]
    assert first_dates(a_calendar(*changes), 2) == ["2026-01-08", "2026-01-15"]


def test_skipping_a_date_without_slot_names_the_nearest() -> None:
    calendar = a_calendar(moved("2026-01-22", "2026-01-23"))

    with pytest.raises(RefusedError) as refusal:
        calendar.skip(day("2026-01-09"), reason="")

    assert str(refusal.value) == (
        "2026-01-09 is not the date of a slot: the nearest are 2026-01-08 and 2026-01-22 (moved to 2026-01-23)."
    )


def test_a_date_before_the_first_slot_has_one_neighbour() -> None:
    with pytest.raises(RefusedError, match=r"^2025-12-25 is not the date of a slot: the nearest is 2026-01-08\.$"):
        a_calendar().move(day("2025-12-25"), day("2026-01-01"), reason="")


def test_a_skipped_slot_can_be_neither_skipped_nor_moved() -> None:
    calendar = a_calendar(skipped("2026-01-22"))
    refusal = r"^The slot of 2026-01-22 is skipped already: the nearest are 2026-01-08 and 2026-02-05\.$"

    with pytest.raises(RefusedError, match=refusal):
        calendar.skip(day("2026-01-22"), reason="")
    with pytest.raises(RefusedError, match=refusal):
        calendar.move(day("2026-01-22"), day("2026-01-23"), reason="")


def test_a_move_or_an_extra_onto_the_day_of_a_slot_is_refused() -> None:
    refusal = r"^2026-02-05 has a slot already: choose a free day; the nearest are 2026-02-05 and 2026-02-19\.$"

    with pytest.raises(RefusedError, match=refusal):
        a_calendar().move(day("2026-01-22"), day("2026-02-05"), reason="")
    with pytest.raises(RefusedError, match=refusal):
        a_calendar().add(day("2026-02-05"), reason="")


def test_the_day_of_a_skipped_slot_is_free() -> None:
    before = a_calendar(skipped("2026-01-22"))

    calendar = a_calendar(*before.changes, before.move(day("2026-02-05"), day("2026-01-22"), reason=""))

    assert first_dates(calendar, 3) == ["2026-01-08", "2026-02-05 (moved to 2026-01-22)", "2026-02-19"]
    with pytest.raises(RefusedError, match="2026-01-22 has a slot already"):
        calendar.add(day("2026-01-22"), reason="")


def test_the_date_of_a_moved_slot_is_not_given_to_another() -> None:
    with pytest.raises(RefusedError, match="2026-01-22 belongs to a slot that was moved to 2026-01-23"):
        a_calendar(moved("2026-01-22", "2026-01-23")).add(day("2026-01-22"), reason="")


def test_a_move_without_a_day_and_a_skip_with_one_are_refused() -> None:
    with pytest.raises(InputError, match="say to which day"):
        SlotChange(date=day("2026-01-22"), status=SlotStatus.MOVED)
    with pytest.raises(InputError, match="cannot be skipped and fall on 2026-01-23"):
        SlotChange(date=day("2026-01-22"), status=SlotStatus.SKIPPED, moved_to=day("2026-01-23"))


def test_old_moves_make_no_ghosts_when_the_rule_is_rewritten() -> None:
    rewritten = a_cadence("2026-01-15")

    off_the_rule = a_calendar(moved("2026-01-22", "2026-01-23"), cadence=rewritten)
    onto_the_rule = a_calendar(moved("2026-02-12", "2026-01-29"), cadence=rewritten)

    assert first_dates(off_the_rule, 3) == ["2026-01-15", "2026-01-29", "2026-02-12"]
    assert off_the_rule.slot_on(day("2026-01-22")) is None
    assert first_dates(onto_the_rule, 3) == ["2026-01-15", "2026-01-29", "2026-02-26"]


# Whatever the editors do

_ZONES = ("Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Yerevan")
_DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31))
_CADENCES = st.builds(Cadence, first=_DAYS, weeks=st.integers(1, 3), at=st.times(), timezone=st.sampled_from(_ZONES))
_STORED = st.builds(
    lambda date, to, status: SlotChange(
        date=date, status=status, moved_to=to if status in {SlotStatus.MOVED, SlotStatus.EXTRA} else None
    ),
    _DAYS,
    _DAYS,
    st.sampled_from(SlotStatus),
)


@given(
    cadence=_CADENCES,
    changes=st.lists(_STORED, max_size=8),
    published_on=_DAYS,
    published_at=st.times(),
)
def test_instants_strictly_increase_and_windows_tile(
    cadence: Cadence, changes: list[SlotChange], published_on: dt.date, published_at: dt.time
) -> None:
    slots = list(islice(a_calendar(*changes, cadence=cadence).slots(), 170))
    instant = dt.datetime.combine(published_on, published_at, dt.UTC)

    assert all(earlier.at < later.at for earlier, later in pairwise(slots))
    assert slots[0].window.opens is None
    assert all(slot.window.closes == slot.at for slot in slots)
    assert all(later.window.opens == earlier.window.closes for earlier, later in pairwise(slots))
    assert sum(slot.window.covers(instant) for slot in slots) == 1


@given(
    cadence=_CADENCES,
    acts=st.lists(st.tuples(st.sampled_from(["skip", "move", "add"]), st.integers(0, 12), _DAYS), max_size=6),
)
def test_what_was_not_refused_is_what_happens(cadence: Cadence, acts: list[tuple[str, int, dt.date]]) -> None:
    calendar = a_calendar(cadence=cadence)
    for act, index, to in acts:
        date = next(islice(calendar.slots(), index, None)).date
        try:
            change = {
                "skip": lambda: calendar.skip(date, reason="x"),  # noqa: B023 - called before the loop goes on
                "move": lambda: calendar.move(date, to, reason="x"),  # noqa: B023
                "add": lambda: calendar.add(to, reason="x"),  # noqa: B023
            }[act]()
        except RefusedError:
            continue
        calendar = Calendar(cadence=cadence, changes=(*calendar.changes, change))

        slot = an_existing(calendar.slot_on(change.date))
        assert (slot.day, slot.status, slot.reason) == (change.day, change.status, "x")

    dates = [slot.date for slot in islice(calendar.agenda(), 40)]
    assert len(set(dates)) == len(dates)
