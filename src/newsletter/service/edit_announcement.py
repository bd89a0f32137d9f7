"""Events and news items, as editors write them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from newsletter.domain.article import Announcement, AnnouncementKind, StoredAnnouncement
from newsletter.domain.revision import mark
from newsletter.errors import ChangedMeanwhileError, InputError
from newsletter.ingest.text import clean_line, clean_paragraphs, read_web_address
from newsletter.store.announcements import add_announcement, find_announcement, update_announcement
from newsletter.store.audit import record_act
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementTexts:
    """What an editor wrote, field by field; None leaves a field as it is, "" empties it.

    Times are ISO 8601, in the announcement's zone where they name none.
    """

    kind: str | None = None
    title: str | None = None
    text: str | None = None
    url: str | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    timezone: str | None = None
    place: str | None = None
    show_from: str | None = None
    show_until: str | None = None


def write_announcement(
    texts: AnnouncementTexts, *, timezone: str, database: Database, now: datetime, actor: str | None = None
) -> StoredAnnouncement:
    """Store a new announcement, in ``timezone`` unless it names its own; raises InputError."""
    blank = Announcement(kind=AnnouncementKind.NEWS, title="", timezone=timezone)
    announcement = _apply(texts, blank)
    with database.transaction() as transaction:
        stored = add_announcement(transaction, announcement, now=now)
        subject = f"announcement {stored.id}"
        record_act(transaction, "add announcement", subject=subject, detail={}, now=now, actor=actor)
    return stored


def edit_announcement(
    announcement_id: int,
    texts: AnnouncementTexts,
    *,
    database: Database,
    now: datetime,
    actor: str | None = None,
    seen: str | None = None,
) -> StoredAnnouncement:
    """Change an announcement; ``seen`` is the mark of what the editor began with.

    Raises InputError, and ChangedMeanwhileError where somebody else has saved it since.
    """
    with database.transaction() as transaction:
        before = find_announcement(transaction, announcement_id)
        if seen is not None and seen != mark_announcement(before.announcement):
            sentence = f"Somebody else has saved announcement {announcement_id} since you opened it."
            raise ChangedMeanwhileError(sentence, show_texts(before.announcement))
        after = replace(before, announcement=_apply(texts, before.announcement))
        update_announcement(transaction, after)
        changed = [field.name for field in fields(texts) if getattr(texts, field.name) is not None]
        subject = f"announcement {announcement_id}"
        record_act(transaction, "edit announcement", subject=subject, detail={"fields": changed}, now=now, actor=actor)
    return after


def retract_announcement(
    announcement_id: int, *, database: Database, now: datetime, actor: str | None = None
) -> StoredAnnouncement:
    """Take it out of all later issues; it stays stored."""
    with database.transaction() as transaction:
        before = find_announcement(transaction, announcement_id)
        after = replace(before, retracted_at=before.retracted_at or now)
        update_announcement(transaction, after)
        subject = f"announcement {announcement_id}"
        record_act(transaction, "retract announcement", subject=subject, detail={}, now=now, actor=actor)
    return after


def restore_announcement(
    announcement_id: int, *, database: Database, now: datetime, actor: str | None = None
) -> StoredAnnouncement:
    """Take a retraction back."""
    with database.transaction() as transaction:
        after = replace(find_announcement(transaction, announcement_id), retracted_at=None)
        update_announcement(transaction, after)
        subject = f"announcement {announcement_id}"
        record_act(transaction, "restore announcement", subject=subject, detail={}, now=now, actor=actor)
    return after


def show_texts(announcement: Announcement) -> dict[str, str]:
    """Give each field as an editor writes it, times in the announcement's zone."""
    zone = ZoneInfo(announcement.timezone or "UTC")

    def local(moment: datetime | None) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" if moment else ""

    return {
        "kind": announcement.kind.value,
        "title": announcement.title,
        "text": announcement.text,
        "url": announcement.url or "",
        "starts_at": local(announcement.starts_at),
        "ends_at": local(announcement.ends_at),
        "timezone": zone.key,
        "place": announcement.place,
        "show_from": local(announcement.show_from),
        "show_until": local(announcement.show_until),
    }


def mark_announcement(announcement: Announcement) -> str:
    """Give a short mark by which it is known later whether it was changed meanwhile."""
    return mark("\0".join(show_texts(announcement).values()))


def _apply(texts: AnnouncementTexts, old: Announcement) -> Announcement:
    zone = _read_zone(texts.timezone) if texts.timezone else old.timezone
    announcement = Announcement(
        kind=_read_kind(texts.kind) if texts.kind is not None else old.kind,
        title=clean_line(texts.title) if texts.title is not None else old.title,
        text=clean_paragraphs(texts.text) if texts.text is not None else old.text,
        url=read_web_address(texts.url) if texts.url is not None else old.url,
        starts_at=_read_time(texts.starts_at, zone) if texts.starts_at is not None else old.starts_at,
        ends_at=_read_time(texts.ends_at, zone) if texts.ends_at is not None else old.ends_at,
        timezone=zone,
        place=clean_line(texts.place) if texts.place is not None else old.place,
        show_from=_read_time(texts.show_from, zone) if texts.show_from is not None else old.show_from,
        show_until=_read_time(texts.show_until, zone) if texts.show_until is not None else old.show_until,
    )
    _check(announcement)
    return announcement


def _check(announcement: Announcement) -> None:
    if not announcement.title:
        raise InputError("An announcement needs a title.")
    if announcement.kind is AnnouncementKind.EVENT and announcement.starts_at is None:
        raise InputError("An event needs the time at which it starts.")
    for earlier, later in (("starts_at", "ends_at"), ("show_from", "show_until")):
        first, last = getattr(announcement, earlier), getattr(announcement, later)
        if first and last and last < first:
            raise InputError(f"An announcement's {_name(later)} cannot be before its {_name(earlier)}.")


def _name(field: str) -> str:
    return field.replace("_", " ").replace(" at", "")


def _read_kind(text: str) -> AnnouncementKind:
    try:
        return AnnouncementKind(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no kind of announcement: write event or news.") from error


def _read_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError) as error:  # OSError: "Europe" is a folder of the database
        raise InputError(f"{text!r} is no time zone: write a name such as Europe/Stockholm.") from error


def _read_time(text: str, zone: str | None) -> datetime | None:
    if not text.strip():
        return None
    try:
        time = datetime.fromisoformat(text.strip())
        return time if time.tzinfo else time.replace(tzinfo=ZoneInfo(zone or "UTC"))
    except ValueError as error:
        raise InputError(f"{text!r} is not a time: write it as 2025-10-16T18:00.") from error
