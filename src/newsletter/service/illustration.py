"""The images of an issue's articles, for the checks that look at them."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.article import Image, StoredArticle
from newsletter.domain.issue import ItemSlot, Teaser
from newsletter.service.compose_issue import ShownItem
from newsletter.service.proof import Proof


def list_illustrations(proof: Proof) -> Iterator[tuple[ShownItem, Image]]:
    """Give each image that belongs into the issue; earlier articles are listed without theirs."""
    for item in proof.kept:
        if item.item.slot is not ItemSlot.EARLIER and isinstance(item.stored, StoredArticle):
            image = item.stored.article.image
            if image is not None and image.url is not None:
                yield item, image


def list_shown(proof: Proof) -> Iterator[tuple[ShownItem, Image]]:
    """Give each image that readers get."""
    for item, image in list_illustrations(proof):
        if isinstance(item.content, Teaser) and item.content.image_url is not None:
            yield item, image
