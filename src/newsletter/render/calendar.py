"""An event as a calendar entry (RFC 5545), with the rules of its zone: any calendar shows it at the right time."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from newsletter.domain.article import StoredAnnouncement

_UNTOLD = timedelta(hours=1)  # how long an event takes that does not say


def render_calendar(stored: StoredAnnouncement, *, host: str, name: str) -> bytes:
    """Return an event as an .ics file; ``host`` makes its name unique in the world, ``name`` is the journal's.

    The same event has the same name each time, so a calendar that reads it again changes its entry.
    """
    announcement = stored.announcement
    starts_at = announcement.starts_at or stored.stored_at
    zone = ZoneInfo(announcement.timezone) if announcement.timezone else None
    event = Event()
    event.add("uid", f"event-{stored.id}@{host}")
    event.add("dtstamp", stored.stored_at)
    event.add("dtstart", _in_zone(starts_at, zone))
    event.add("dtend", _in_zone(announcement.ends_at or starts_at + _UNTOLD, zone))
    event.add("summary", announcement.title)
    for field, text in (
        ("description", announcement.text),
        ("location", announcement.place),
        ("url", announcement.url),
    ):
        if text:
            event.add(field, text)
    calendar = Calendar()
    calendar.add("prodid", f"-//{name}//newsletter//")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    if zone is not None:
        calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _in_zone(moment: datetime, zone: ZoneInfo | None) -> datetime:
    return moment.astimezone(zone) if zone else moment
