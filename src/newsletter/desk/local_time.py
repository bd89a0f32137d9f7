"""Times as a field of type datetime-local has them: on the clock of a zone, to the minute."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from newsletter.errors import InputError


def write_local(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" if moment else ""


def read_local(text: str, zone: ZoneInfo) -> datetime:
    """Give the moment, in UTC; raises InputError."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{text!r} is not a time: write it as 2026-03-31T09:00.") from error
