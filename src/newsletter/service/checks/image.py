"""Images: a text for those who do not see them, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.article import StoredArticle
from newsletter.domain.issue import ItemSlot, Teaser
from newsletter.service.finding import Finding, Level
from newsletter.service.proof import Proof


def check_images(proof: Proof) -> Iterator[Finding]:
    for item in proof.items:
        if item.is_withdrawn or item.item.slot is ItemSlot.EARLIER or not isinstance(item.stored, StoredArticle):
            continue
        image = item.stored.article.image
        if image is None or image.url is None:
            continue
        where = f"image of {item.name}"
        if isinstance(item.content, Teaser) and item.content.image_url is None:
            yield _warn(where, f"{image.url} is not a web address, so the image is left out.", "Give its address.")
            continue
        if not image.alt.strip():
            yield _warn(where, "The image has no text for readers who do not see it.", "Describe it in a few words.")
        if not image.licence.strip():
            yield _warn(where, "The image names no licence.", "Say under which licence it may be shown.")


def _warn(where: str, what: str, mend: str) -> Finding:
    return Finding(check="image", level=Level.WARNING, where=where, what=what, mend=mend)
