"""How many bytes of the letter one item takes.

An estimate, so that it costs no compile: the item's own words, links and image, as UTF-8, and what the layout puts
around an item of its slot. Those figures were measured on the project's templates with both compilers; a theme of one's
own may differ. The total that preflight checks is exact.
"""

from __future__ import annotations

from newsletter.domain.issue import ItemSlot, Teaser
from newsletter.service.compose_issue import ShownItem

_LAYOUT = {
    ItemSlot.LEAD: 2_100,
    ItemSlot.FEATURE: 650,
    ItemSlot.ANNOUNCEMENT: 340,
    ItemSlot.EARLIER: 260,
    ItemSlot.PARTNER: 180,
}
_IMAGE_LAYOUT = {ItemSlot.LEAD: 500, ItemSlot.FEATURE: 620}


def measure_item(item: ShownItem) -> int:
    slot = item.item.slot
    size = _LAYOUT[slot] + _measure(item.headline, item.url or "")
    if slot is ItemSlot.EARLIER:
        return size + _measure(item.item.reason)
    size += _measure(item.text)
    if isinstance(item.content, Teaser):
        teaser = item.content
        size += _measure(teaser.kicker, *teaser.authors)
        if teaser.image_url:
            size += _IMAGE_LAYOUT.get(slot, 0) + _measure(teaser.image_url, teaser.image_alt, teaser.image_credit)
    return size


def _measure(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)
