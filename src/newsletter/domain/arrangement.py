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
    return _sort([*items, name.make_item(slot, reason)])


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
    lead = replace(_require_item(items, name), slot=ItemSlot.LEAD, reason="pinned")
    others = [
        replace(item, slot=ItemSlot.FEATURE) if item.slot is ItemSlot.LEAD else item
        for item in items
        if ItemName.of(item) != name
    ]
    return _sort([lead, *others])


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


def _require_item(items: Items, name: ItemName) -> DraftItem:
    item = find_item(items, name)
    if item is None:
        raise RefusedError(f"The issue has no {name}: add it first, or see 'newsletter issue show'.")
    return item


def _sort(items: Iterable[DraftItem]) -> Items:
    """Order by slot and keep the order within each."""
    return tuple(sorted(items, key=lambda item: _ORDER.index(item.slot)))
