"""Images that may be shown."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.illustration import list_shown
from newsletter.service.placed_link import edit_item
from newsletter.service.proof import Proof


@check(Level.WARNING, promise="Every image names the licence under which it is shown.")
def check_licence(proof: Proof) -> Iterator[Fault]:
    for item, image in list_shown(proof):
        if not image.licence.strip():
            yield Fault(
                where=f"image of {item.name}",
                field="image_licence",
                what="The image names no licence.",
                mend=f"Say under which it may be shown: {edit_item(item.name, '--image-licence TEXT')}.",
            )
