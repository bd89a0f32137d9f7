"""Announcements: events and news items."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from newsletter.domain.article import Announcement, AnnouncementKind, StoredAnnouncement
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import announcements


def add_announcement(transaction: Transaction, announcement: Announcement, *, now: datetime) -> StoredAnnouncement:
    values = asdict(announcement) | {"stored_at": now}
    announcement_id = transaction.execute(
        insert(announcements).values(values).returning(announcements.c.id)
    ).scalar_one()
    return find_announcement(transaction, announcement_id)


def update_announcement(transaction: Transaction, stored: StoredAnnouncement) -> None:
    values = asdict(stored.announcement) | {"retracted_at": stored.retracted_at}
    transaction.execute(update(announcements).where(announcements.c.id == stored.id).values(values))


def find_announcement(transaction: Transaction, announcement_id: int) -> StoredAnnouncement:
    """Find an announcement, retracted or not; raises NotFoundError."""
    row = transaction.execute(select(announcements).where(announcements.c.id == announcement_id)).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no announcement {announcement_id}; 'newsletter announcements list' shows those that are stored."
        )
    return _read(row)


def find_announcements(transaction: Transaction, ids: Collection[int]) -> dict[int, StoredAnnouncement]:
    """Find several announcements at once, retracted or not, by id."""
    query = select(announcements).where(announcements.c.id.in_(ids))
    return {row.id: _read(row) for row in transaction.execute(query)}


def list_announcements(transaction: Transaction, *, with_retracted: bool = False) -> list[StoredAnnouncement]:
    """Give all announcements, the newest first."""
    query = select(announcements).order_by(announcements.c.stored_at.desc(), announcements.c.id.desc())
    if not with_retracted:
        query = query.where(announcements.c.retracted_at.is_(None))
    return [_read(row) for row in transaction.execute(query)]


def _read(row: Row[Any]) -> StoredAnnouncement:
    announcement = Announcement(
        kind=AnnouncementKind(row.kind),
        title=row.title,
        text=row.text,
        url=row.url,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        timezone=row.timezone,
        place=row.place,
        show_from=row.show_from,
        show_until=row.show_until,
    )
    return StoredAnnouncement(
        id=row.id, announcement=announcement, stored_at=row.stored_at, retracted_at=row.retracted_at
    )
