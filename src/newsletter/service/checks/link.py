"""Links that are addresses."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof
from newsletter.service.web_address import split_address


@check(Level.ERROR, promise="Every link and picture has a web address, not an anchor or something cut off.")
def check_links(proof: Proof) -> Iterator[Fault]:
    for link in proof.links:
        if split_address(link.url) is None and not (link.where == "HTML" and link.url.startswith("mailto:")):
            what = f"{link.url} is not a web address."
            yield Fault(
                where=link.where, field=link.field, what=what, mend=f"Give it a public https address: {link.change}."
            )
