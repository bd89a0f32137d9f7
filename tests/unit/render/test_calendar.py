from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar

from builders import an_event
from newsletter.domain.article import Announcement, StoredAnnouncement
from newsletter.render.calendar import render_calendar

STORED_AT = datetime(2026, 11, 20, tzinfo=UTC)


def rendered(announcement: Announcement) -> bytes:
    stored = StoredAnnouncement(id=7, announcement=announcement, stored_at=STORED_AT)
    return render_calendar(stored, host="review.example", name="The Meridian Review")


def event_of(announcement: Announcement) -> Any:  # noqa: ANN401 - whatever a calendar reads
    (event,) = Calendar.from_ical(rendered(announcement)).walk("VEVENT")
    return event


def test_a_calendar_shows_an_event_at_the_time_of_its_place() -> None:
    event = event_of(an_event())

    assert event["SUMMARY"] == an_event().title
    assert event["LOCATION"] == an_event().place
    assert event["URL"] == an_event().url
    assert event.start == an_event().starts_at
    assert event.end == an_event().ends_at
    assert event["DTSTART"].params["TZID"] == "Europe/Helsinki"
    assert b"BEGIN:VTIMEZONE" in rendered(an_event())


def test_it_is_the_same_entry_each_time() -> None:
    assert event_of(an_event())["UID"] == event_of(an_event(title="Moved"))["UID"] == "event-7@review.example"
    assert rendered(an_event()) == rendered(an_event())


def test_what_an_event_does_not_say_is_absent() -> None:
    event = event_of(an_event(text="", url=None, place="", ends_at=None, timezone=None))

    assert not {"DESCRIPTION", "URL", "LOCATION"} & set(event)
    assert event.end - event.start == timedelta(hours=1)
    assert b"VTIMEZONE" not in rendered(an_event(timezone=None))


def test_no_text_can_add_a_line() -> None:
    hostile = an_event(title="A\r\nATTENDEE:mailto:x@example.org", text="one\ntwo; three, four\\")

    assert b"\nATTENDEE" not in rendered(hostile)
    assert event_of(hostile)["DESCRIPTION"] == "one\ntwo; three, four\\"
