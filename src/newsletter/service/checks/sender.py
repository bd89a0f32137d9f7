"""Who sends it."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(Level.ERROR, promise="There is an address that the newsletter is sent from.")
def check_sender(proof: Proof) -> Iterator[Fault]:
    if proof.sender is None:
        yield Fault(
            where="[mail] from",
            what="There is no address that the newsletter is sent from.",
            mend="Set from under [mail].",
        )
