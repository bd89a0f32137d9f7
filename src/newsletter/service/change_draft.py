"""One change of an editor to the items of a draft.

A change names items, never positions, so that what two editors do at once adds up: each is done to the draft as it
stands when its turn comes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from newsletter.domain.arrangement import (
    ItemKind,
    ItemName,
    Items,
    find_item,
    pin_item,
    place_item,
    refill_items,
    remove_item,
    replace_item,
    step_item,
    swap_items,
)
from newsletter.domain.article import AnnouncementKind
from newsletter.domain.assembly import assemble
from newsletter.domain.change import Add, Change, Pin, Place, Refill, Remove, Step, Swap
from newsletter.domain.issue import Draft, ItemSlot
from newsletter.errors import RefusedError
from newsletter.service.choose_item import choose_item, make_item
from newsletter.service.keep_change import find_unfrozen, keep_change
from newsletter.store import announcements, articles, issues, partners, revisions
from newsletter.store.database import Database, Transaction

_STORIES = (ItemSlot.LEAD, ItemSlot.FEATURE)


def change_draft(number: int, change: Change, *, by: str, database: Database, now: datetime) -> Draft:
    """Make a change and keep it as a revision; one that changes nothing leaves none.

    Raises RefusedError for a frozen issue, for an item that is not there any more and for a place that is not for it.
    """
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        told = _tell(change, draft.items, transaction)  # before it is made: it names what may be gone afterwards
        items = _make(change, draft, transaction, now)
        return keep_change(transaction, draft, replace(draft, items=items), told=told, by=by, now=now)


def _make(  # noqa: PLR0911 - one return, one kind of change
    change: Change, draft: Draft, transaction: Transaction, now: datetime
) -> Items:
    items = draft.items
    match change:
        case Place(item, slot, before):
            _refuse_unpublished(item, slot, transaction)
            return place_item(items, item, slot, before=before)
        case Step(item, by):
            return step_item(items, item, by, among=_list_row(items, item, transaction))
        case Swap(item, other):
            if find_item(items, other) is None:
                return replace_item(items, item, make_item(items, other, transaction))
            return swap_items(items, item, other)
        case Pin(item, is_pinned):
            return pin_item(items, item, is_pinned=is_pinned)
        case Remove(item):
            return remove_item(items, item)
        case Add(item):
            return choose_item(items, item, transaction)
        case Refill():
            return _refill(draft, transaction, now)


def _refuse_unpublished(name: ItemName, slot: ItemSlot, transaction: Transaction) -> None:
    if slot is ItemSlot.EARLIER and name.id not in issues.load_history(transaction).articles:
        raise RefusedError("No issue has carried this article yet, so it cannot stand among the earlier ones.")


def _list_row(items: Items, name: ItemName, transaction: Transaction) -> list[ItemName]:
    """Return the items that readers see in one row with an item: events and news are two rows."""
    item = find_item(items, name)
    if item is None:
        raise RefusedError(f"The issue has no {name} any more.")
    if name.kind is ItemKind.ANNOUNCEMENT:
        stored = announcements.find_announcements(transaction, [each.announcement_id or 0 for each in items])
        kinds: dict[int, AnnouncementKind] = {key: value.announcement.kind for key, value in stored.items()}
        return [
            ItemName.of(each)
            for each in items
            if each.announcement_id is not None and kinds[each.announcement_id] is kinds[name.id]
        ]
    slots = _STORIES if item.slot in _STORIES else (item.slot,)
    return [ItemName.of(each) for each in items if each.slot in slots]


def _refill(draft: Draft, transaction: Transaction, now: datetime) -> Items:
    fresh = assemble(
        articles.list_articles(transaction),
        announcements.list_announcements(transaction),
        partners.list_partners(transaction),
        history=issues.load_history(transaction),
        due_at=draft.due_at,
        now=now,
    )
    ever = {
        ItemName.of(item)
        for composition in revisions.list_compositions(transaction, draft.id)
        for item in composition.items
    }
    dismissed = ever - {ItemName.of(item) for item in draft.items}
    return refill_items(draft.items, fresh, dismissed=frozenset(dismissed))


def _tell(  # noqa: C901, PLR0911 - one return, one kind of change
    change: Change, items: Items, transaction: Transaction
) -> str:
    """Say what a change does, for the history."""

    def title(name: ItemName) -> str:
        return f"“{find_title(transaction, name, items)}”"

    match change:
        case Place(item, slot, before):
            if slot is ItemSlot.LEAD:
                return f"made {title(item)} the lead"
            return f"moved {title(item)} {f'before {title(before)}' if before else f'to the end of {_PLACES[slot]}'}"
        case Step(item, by):
            return f"moved {title(item)} {'up' if by < 0 else 'down'}"
        case Swap(item, other):
            if find_item(items, other) is None:
                return f"put {title(other)} in place of {title(item)}"
            return f"swapped {title(item)} and {title(other)}"
        case Pin(item, is_pinned):
            return f"{'pinned' if is_pinned else 'let go of'} {title(item)}"
        case Remove(item):
            return f"took {title(item)} out"
        case Add(item):
            return f"added {title(item)}"
        case Refill():
            return "filled the draft anew from the store"


_PLACES = {
    ItemSlot.LEAD: "the stories",
    ItemSlot.FEATURE: "the features",
    ItemSlot.ANNOUNCEMENT: "the announcements",
    ItemSlot.EARLIER: "the earlier articles",
    ItemSlot.PARTNER: "the partners",
}


def find_title(transaction: Transaction, name: ItemName, items: Items) -> str:
    """Return what an item is called: by an editor in this issue, or by itself. Raises NotFoundError."""
    match name.kind:
        case ItemKind.ARTICLE:
            item = find_item(items, name)
            return (item and item.headline) or articles.find_article(transaction, name.id).article.headline
        case ItemKind.ANNOUNCEMENT:
            return announcements.find_announcement(transaction, name.id).announcement.title
        case ItemKind.PARTNER:
            return partners.find_partner(transaction, name.id).link.name
