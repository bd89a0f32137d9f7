"""Bring two compositions together that come from the same one: what each changed, where they changed different things.

So is a change taken back after others were made: from it, to what was before it, over what stands now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from newsletter.domain.arrangement import ItemName, find_item, settle_items
from newsletter.domain.composition import Composition, TextField, TextName
from newsletter.domain.issue import DraftItem, ItemSlot

_OWN_TEXTS = (TextName(TextField.SUBJECT), TextName(TextField.PREHEADER), TextName(TextField.NOTE))
_STORIES = (ItemSlot.LEAD, ItemSlot.FEATURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    composition: Composition
    #: texts that both changed, each in another way; theirs stand
    clashes: tuple[TextName, ...]


def merge_compositions(base: Composition, mine: Composition, theirs: Composition) -> Merge:
    """Do to ``theirs`` what was done from ``base`` to ``mine``.

    Order and choice always merge: an item that I moved goes behind the one that it stands behind in mine, an item that
    they removed stays away.
    """
    merged = replace(theirs, items=settle_items(_merge_order(base, mine, theirs)))
    clashes: list[TextName] = []
    for name in _list_texts(base, mine, theirs):
        before, wanted, stands = base.read(name), mine.read(name), theirs.read(name)
        if wanted == before:
            continue
        if stands in (before, wanted):
            merged = merged.write(name, wanted)
        else:
            clashes.append(name)
    return Merge(composition=_merge_pins(base, mine, merged), clashes=tuple(clashes))


def _merge_order(base: Composition, mine: Composition, theirs: Composition) -> list[DraftItem]:
    before, wanted, stand = _name(base), _name(mine), _name(theirs)
    moved = _find_moved(base, mine)
    order = [item for name, item in stand.items() if name not in moved and (name in wanted or name not in before)]
    behind: ItemName | None = None
    for name, item in wanted.items():
        if name in moved and (name in stand or name not in before):
            placed = replace(stand.get(name, item), slot=item.slot, reason=item.reason)
            order.insert(_find_place(order, behind, item.slot), placed)
        if find_item(order, name):
            behind = name
    return order


def _find_moved(base: Composition, mine: Composition) -> set[ItemName]:
    """Return what stands elsewhere in ``mine``, or is new there."""
    former = [(ItemName.of(item), item.slot) for item in base.items]
    now = [(ItemName.of(item), item.slot) for item in mine.items]
    blocks = SequenceMatcher(a=former, b=now, autojunk=False).get_matching_blocks()
    still = {name for block in blocks for name, _ in now[block.b : block.b + block.size]}
    return {name for name, _ in now} - still


def _find_place(order: list[DraftItem], behind: ItemName | None, slot: ItemSlot) -> int:
    """Return the index right behind an item, or before the first of the slot where that stands elsewhere."""
    leader = next((index for index, item in enumerate(order) if ItemName.of(item) == behind), None)
    if leader is not None and _row(order[leader].slot) == _row(slot) and slot is not ItemSlot.LEAD:
        return leader + 1
    return next((index for index, item in enumerate(order) if _row(item.slot) == _row(slot)), len(order))


def _row(slot: ItemSlot) -> ItemSlot:
    return ItemSlot.LEAD if slot in _STORIES else slot


def _list_texts(base: Composition, mine: Composition, theirs: Composition) -> Iterator[TextName]:
    yield from _OWN_TEXTS
    stand = _name(theirs)
    for name, item in _name(mine).items():
        if item.article_id is not None and name in stand and find_item(base.items, name):
            yield TextName(TextField.HEADLINE, item.article_id)
            yield TextName(TextField.TEASER, item.article_id)


def _merge_pins(base: Composition, mine: Composition, merged: Composition) -> Composition:
    before, wanted = _name(base), _name(mine)

    def pin(item: DraftItem) -> DraftItem:
        name = ItemName.of(item)
        if name not in before or name not in wanted or before[name].is_pinned == wanted[name].is_pinned:
            return item
        return replace(item, is_pinned=wanted[name].is_pinned)

    return replace(merged, items=tuple(map(pin, merged.items)))


def _name(composition: Composition) -> dict[ItemName, DraftItem]:
    return {ItemName.of(item): item for item in composition.items}
