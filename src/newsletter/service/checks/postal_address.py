"""The publisher's postal address."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(
    Level.ERROR,
    on_trial=Level.WARNING,
    promise="The issue names the publisher's postal address, which the law wants in each.",
)
def check_postal_address(proof: Proof) -> Iterator[Fault]:
    if not proof.issue.masthead.postal_address.strip():
        yield Fault(
            where="[site] postal_address",
            what="The issue names no postal address, which the law wants in each.",
            mend="Set postal_address under [site].",
        )
