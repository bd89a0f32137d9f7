"""What editors do to the order and the words of a draft."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from newsletter.domain.issue import DraftItem, ItemSlot
from newsletter.errors import InputError, RefusedError

Items = tuple[DraftItem, ...]

_ORDER = list(ItemSlot)

#: Where an article may stand among the stories; the first of them leads.
_STORIES = (ItemSlot.LEAD, ItemSlot.FEATURE)


class ItemKind(StrEnum):
    ARTICLE = "article"
    ANNOUNCEMENT = "announcement"
    PARTNER = "partner"


class ItemName(NamedTuple):
    """What an item shows, as editors write it: ``17`` is an article; ``announcement:3``, ``partner:5``."""

    kind: ItemKind
    id: int

    @classmethod
    def parse(cls, text: str) -> ItemName:
        kind, _, number = text.strip().rpartition(":")
        try:
            return cls(ItemKind(kind or ItemKind.ARTICLE), int(number))
        except ValueError as error:
            raise InputError(
                f"{text!r} names no item: write the id of an article, or announcement:ID, or partner:ID."
            ) from error

    @classmethod
    def of(cls, item: DraftItem) -> ItemName:
        if item.article_id is not None:
            return cls(ItemKind.ARTICLE, item.article_id)
        if item.announcement_id is not None:
            return cls(ItemKind.ANNOUNCEMENT, item.announcement_id)
        return cls(ItemKind.PARTNER, item.partner_id or 0)

    def make_item(self, slot: ItemSlot, reason: str) -> DraftItem:
        match self.kind:
            case ItemKind.ARTICLE:
                return DraftItem(slot=slot, article_id=self.id, reason=reason)
            case ItemKind.ANNOUNCEMENT:
                return DraftItem(slot=slot, announcement_id=self.id, reason=reason)
            case ItemKind.PARTNER:
                return DraftItem(slot=slot, partner_id=self.id, reason=reason)

    @property
    def slots(self) -> tuple[ItemSlot, ...]:
        """Where such an item may stand."""
        match self.kind:
            case ItemKind.ARTICLE:
                return (*_STORIES, ItemSlot.EARLIER)
            case ItemKind.ANNOUNCEMENT:
                return (ItemSlot.ANNOUNCEMENT,)
            case ItemKind.PARTNER:
                return (ItemSlot.PARTNER,)

    @property
    def argument(self) -> str:
        """As ``parse`` takes it."""
        return str(self.id) if self.kind is ItemKind.ARTICLE else f"{self.kind}:{self.id}"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


def find_item(items: Iterable[DraftItem], name: ItemName) -> DraftItem | None:
    return next((item for item in items if ItemName.of(item) == name), None)


def add_item(items: Items, name: ItemName, slot: ItemSlot, *, reason: str) -> Items:
    """Add an item behind the others of its slot. Raises RefusedError if the draft has it already."""
    if find_item(items, name):
        raise RefusedError(f"The issue has {name} already.")
    return _sort([*items, replace(name.make_item(slot, reason), is_pinned=True)])


def remove_item(items: Items, name: ItemName) -> Items:
    """Take an item out; where it was the lead, the first feature leads. Raises RefusedError if it is not there."""
    _require_item(items, name)
    left = [item for item in items if ItemName.of(item) != name]
    if not any(item.slot is ItemSlot.LEAD for item in left):
        first = next((item for item in left if item.slot is ItemSlot.FEATURE), None)
        left = [replace(item, slot=ItemSlot.LEAD) if item is first else item for item in left]
    return _sort(left)


def set_lead(items: Items, article_id: int) -> Items:
    """Let an article of the draft lead; the former lead becomes the first feature."""
    name = ItemName(ItemKind.ARTICLE, article_id)
    lead = replace(_require_item(items, name), slot=ItemSlot.LEAD, reason="pinned", is_pinned=True)
    others = [
        replace(item, slot=ItemSlot.FEATURE) if item.slot is ItemSlot.LEAD else item
        for item in items
        if ItemName.of(item) != name
    ]
    return _sort([lead, *others])


def place_item(items: Items, name: ItemName, slot: ItemSlot, *, before: ItemName | None = None) -> Items:
    """Put an item to an exact place: in ``slot``, before another of it, or behind all; there it is pinned.

    A lead that is put elsewhere leaves its place to the first feature, and the lead is the first of the stories. Where
    ``before`` does not stand in that slot any more, the item goes behind all. Raises RefusedError for a slot that is
    not for such items.
    """
    _require_slot(name, slot)
    placed = replace(_require_item(items, name), slot=slot, is_pinned=True)
    return settle_items(_insert([item for item in items if ItemName.of(item) != name], placed, before))


def step_item(items: Items, name: ItemName, by: int, *, among: Sequence[ItemName]) -> Items:
    """Move an item one up (-1) or down (1) ``among`` those that readers see in one row with it; at the end it stays.

    The stories are one such row: the second of them that moves up leads.
    """
    target = among.index(name) + by
    if not 0 <= target < len(among):
        return items
    neighbour = _require_item(items, among[target])
    if by < 0:
        return place_item(items, name, neighbour.slot, before=among[target])
    slot = ItemSlot.FEATURE if neighbour.slot is ItemSlot.LEAD else neighbour.slot
    return place_item(items, name, slot, before=among[target + 1] if target + 1 < len(among) else None)


def swap_items(items: Items, one: ItemName, other: ItemName) -> Items:
    """Let two items of the draft change places. Raises RefusedError where one is not for the other's slot."""
    first, second = _require_item(items, one), _require_item(items, other)
    _require_slot(one, second.slot)
    _require_slot(other, first.slot)
    places = {
        one: replace(second, slot=first.slot, is_pinned=True),
        other: replace(first, slot=second.slot, is_pinned=True),
    }
    return tuple(places.get(ItemName.of(item), item) for item in items)


def replace_item(items: Items, name: ItemName, other: DraftItem) -> Items:
    """Put an item that the draft lacks into the place of one that it has."""
    if find_item(items, ItemName.of(other)):
        raise RefusedError(f"The issue has {ItemName.of(other)} already.")
    former = _require_item(items, name)
    _require_slot(ItemName.of(other), former.slot)
    new = replace(other, slot=former.slot, is_pinned=True)
    return tuple(new if item is former else item for item in items)


def pin_item(items: Items, name: ItemName, *, is_pinned: bool) -> Items:
    """Pin an item to its place, or let go of it."""
    item = _require_item(items, name)
    return tuple(replace(other, is_pinned=is_pinned) if other is item else other for other in items)


def refill_items(items: Items, fresh: Items, *, dismissed: frozenset[ItemName]) -> Items:
    """Fill a draft anew: pinned items and those with words of their own keep their places, ``fresh`` are the others.

    What editors took out, ``dismissed``, does not come back.
    """
    kept = [item for item in items if item.is_pinned or item.headline or item.teaser]
    names = {ItemName.of(item) for item in kept}
    filled = [item for item in fresh if ItemName.of(item) not in names | dismissed]
    for item in kept:
        filled = _insert_at(filled, item, place=_find_place(items, item))
    return settle_items(filled)


def settle_items(items: Iterable[DraftItem]) -> Items:
    """Order items by slot, each slot in the order given; the first story leads, whatever it was before."""
    ordered = sorted(items, key=lambda item: _ORDER.index(item.slot))
    stories = [item for item in ordered if item.slot in _STORIES]
    rest = [item for item in ordered if item.slot not in _STORIES]
    return (
        *(replace(item, slot=_STORIES[min(place, 1)]) for place, item in enumerate(stories)),
        *rest,
    )


def order_features(items: Items, article_ids: Sequence[int]) -> Items:
    """Put the named features first, in this order; the others follow as they were."""
    names = [ItemName(ItemKind.ARTICLE, article_id) for article_id in article_ids]
    for name in names:
        if _require_item(items, name).slot is not ItemSlot.FEATURE:
            raise RefusedError(f"{str(name).capitalize()} is not a feature of this issue; name features only.")
    place = {name: position for position, name in enumerate(names)}
    return _sort(sorted(items, key=lambda item: place.get(ItemName.of(item), len(place))))


def reword_item(items: Items, article_id: int, *, headline: str | None = None, teaser: str | None = None) -> Items:
    """Give an article other words in this issue; "" takes the article's own again, None leaves them."""
    item = _require_item(items, ItemName(ItemKind.ARTICLE, article_id))
    reworded = replace(
        item,
        headline=item.headline if headline is None else headline.strip() or None,
        teaser=item.teaser if teaser is None else teaser.strip() or None,
    )
    return tuple(reworded if other is item else other for other in items)


def _insert(items: list[DraftItem], item: DraftItem, before: ItemName | None) -> list[DraftItem]:
    """Insert an item before the one named, where that stands in the same slot; else behind all of its slot."""
    if item.slot is ItemSlot.LEAD:
        return [item, *(replace(other, slot=ItemSlot.FEATURE) if other.slot in _STORIES else other for other in items)]
    peers = [other for other in items if other.slot is item.slot]
    follower = next((other for other in peers if ItemName.of(other) == before), None)
    return _insert_at(items, item, place=peers.index(follower) if follower else len(peers))


def _insert_at(items: list[DraftItem], item: DraftItem, *, place: int) -> list[DraftItem]:
    """Insert an item as the one number ``place`` of its slot, counted from 0."""
    peers = [other for other in items if other.slot is item.slot]
    others = [other for other in items if other.slot is not item.slot]
    return [*others, *peers[:place], item, *peers[place:]]


def _find_place(items: Items, item: DraftItem) -> int:
    return [other for other in items if other.slot is item.slot].index(item)


def _require_slot(name: ItemName, slot: ItemSlot) -> None:
    if slot not in name.slots:
        raise RefusedError(f"{str(name).capitalize()} cannot stand there: choose a place among its own kind.")


def _require_item(items: Items, name: ItemName) -> DraftItem:
    item = find_item(items, name)
    if item is None:
        raise RefusedError(f"The issue has no {name}: add it first, or see 'newsletter issue show'.")
    return item


def _sort(items: Iterable[DraftItem]) -> Items:
    """Order by slot and keep the order within each."""
    return tuple(sorted(items, key=lambda item: _ORDER.index(item.slot)))
