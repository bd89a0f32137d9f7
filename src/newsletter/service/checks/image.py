"""Images that can be shown."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.issue import Teaser
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.illustration import list_illustrations
from newsletter.service.placed_link import edit_item
from newsletter.service.proof import Proof


@check(Level.WARNING, promise="No image is left out because no picture could be had of it.")
def check_images(proof: Proof) -> Iterator[Fault]:
    for item, image in list_illustrations(proof):
        if isinstance(item.content, Teaser) and item.content.image_url is None:
            yield Fault(
                where=f"image of {item.name}",
                field="image_url",
                what=f"No picture could be had from {image.url}, so the image is left out.",
                mend=f"Give another file: {edit_item(item.name, '--image FILE')}.",
            )
