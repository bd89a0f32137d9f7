"""Size of a single item."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.item_size import measure_item
from newsletter.service.proof import Proof

MOST_ITEM_BYTES = 9_000


@check(Level.WARNING, promise="No single item takes more than about 9,000 bytes.")
def check_item_size(proof: Proof) -> Iterator[Fault]:
    for item in proof.kept:
        size = measure_item(item)
        if size > MOST_ITEM_BYTES:
            yield Fault(
                where=str(item.name),
                what=f"“{item.headline}” takes about {size:,} bytes of the letter.",
                mend=f"Shorten its teaser: newsletter issue arrange {proof.draft.number} --teaser {item.name.id}=TEXT.",
            )
