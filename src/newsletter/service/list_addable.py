"""What else an issue may show: articles, announcements and partner links that it does not have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from newsletter.domain.arrangement import ItemKind, ItemName
from newsletter.domain.article import AnnouncementKind
from newsletter.domain.issue import Draft, ItemSlot
from newsletter.store import announcements, article_titles, issues, partners
from newsletter.store.database import Database, Transaction

_MOST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Addable:
    name: ItemName
    title: str
    #: where it would stand
    slot: ItemSlot
    #: what tells it from others: authors, the place of an event
    hint: str
    #: of publication, or when it begins; None for a partner
    day: date | None = None
    #: of the issue that had it already
    carried_by: int | None = None


def list_addable(
    number: int, *, search: str, database: Database, now: datetime, most: int = _MOST
) -> tuple[Addable, ...]:
    """Return what the issue may still take whose title, author or text has all words of ``search``.

    New articles come first, the newest first; then announcements, partners, and articles that readers have had.
    """
    words = [word.casefold() for word in search.split()]
    with database.snapshot() as snapshot:
        draft = issues.find_issue(snapshot, number)
        taken = {ItemName.of(item) for item in draft.items}
        found = [
            addable
            for addable in (
                *_list_articles(snapshot, words, now, most=most + len(taken)),
                *_list_announcements(snapshot, draft, now),
                *_list_partners(snapshot),
            )
            if addable.name not in taken and _matches(addable, words)
        ]
    found.sort(key=lambda addable: addable.carried_by is not None)
    return tuple(found[:most])


def _list_articles(snapshot: Transaction, words: list[str], now: datetime, *, most: int) -> list[Addable]:
    return [
        Addable(
            name=ItemName(ItemKind.ARTICLE, title.id),
            title=title.headline,
            slot=ItemSlot.FEATURE if title.carried_by is None else ItemSlot.EARLIER,
            hint=", ".join(title.authors),
            day=title.published_at.date(),
            carried_by=title.carried_by,
        )
        for title in article_titles.list_titles(snapshot, words=words, published_by=now, most=most)
    ]


def _list_announcements(snapshot: Transaction, draft: Draft, now: datetime) -> list[Addable]:
    shown_at = max(draft.due_at, now)
    current = [
        stored for stored in announcements.list_announcements(snapshot) if stored.announcement.is_current(shown_at)
    ]
    return [
        Addable(
            name=ItemName(ItemKind.ANNOUNCEMENT, stored.id),
            title=stored.announcement.title,
            slot=ItemSlot.ANNOUNCEMENT,
            hint=stored.announcement.place
            or ("event" if stored.announcement.kind is AnnouncementKind.EVENT else "news"),
            day=stored.announcement.starts_at.date() if stored.announcement.starts_at else None,
        )
        for stored in current
    ]


def _list_partners(snapshot: Transaction) -> list[Addable]:
    return [
        Addable(
            name=ItemName(ItemKind.PARTNER, stored.id), title=stored.link.name, slot=ItemSlot.PARTNER, hint="partner"
        )
        for stored in partners.list_partners(snapshot)
        if stored.link.url
    ]


def _matches(addable: Addable, words: list[str]) -> bool:
    text = f"{addable.title} {addable.hint}".casefold()
    return all(word in text for word in words)
