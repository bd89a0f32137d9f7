"""What an editor may do to the items of a draft, one act at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from newsletter.domain.arrangement import ItemName
from newsletter.domain.issue import ItemSlot


@dataclass(frozen=True, slots=True)
class Place:
    """Put an item of the draft to an exact place: before another one, or behind all of the slot."""

    item: ItemName
    slot: ItemSlot
    before: ItemName | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Move an item one up (-1) or down (1)."""

    item: ItemName
    by: int


@dataclass(frozen=True, slots=True)
class Swap:
    """Let two items change places, or one that the draft lacks take an item's place."""

    item: ItemName
    other: ItemName


@dataclass(frozen=True, slots=True)
class Pin:
    item: ItemName
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class Remove:
    item: ItemName


@dataclass(frozen=True, slots=True)
class Add:
    item: ItemName


@dataclass(frozen=True, slots=True)
class Refill:
    """Fill the draft anew from the store; pinned items, and those with words of their own, stay where they are."""


Change: TypeAlias = Place | Step | Swap | Pin | Remove | Add | Refill
