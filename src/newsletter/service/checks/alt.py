"""Images for those who do not see them."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.illustration import list_shown
from newsletter.service.placed_link import edit_item
from newsletter.service.proof import Proof


@check(Level.WARNING, promise="Every image has a text for readers who do not see it.")
def check_alt(proof: Proof) -> Iterator[Fault]:
    for item, image in list_shown(proof):
        if not image.alt.strip():
            yield Fault(
                where=f"image of {item.name}",
                field="image_alt",
                what="The image has no text for readers who do not see it.",
                mend=f"Describe it in a few words: {edit_item(item.name, '--image-alt TEXT')}.",
            )
