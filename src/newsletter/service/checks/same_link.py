"""Items that lead to one page."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.placed_link import edit_item
from newsletter.service.proof import Proof


@check(Level.WARNING, promise="No two items lead to the same page, as they do where an address was copied along.")
def check_same_links(proof: Proof) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for item in proof.kept:
        page = (item.url or "").partition("#")[0].rstrip("/")
        if not page:
            continue
        if page in first:
            yield Fault(
                where=str(item.name),
                field="url",
                what=f"“{item.headline}” leads to {page}, as “{first[page]}” does.",
                mend=f"Give it its own address: {edit_item(item.name, '--url URL')}.",
            )
        first.setdefault(page, item.headline)
