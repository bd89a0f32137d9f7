"""Who sends it: the law and every mailbox provider ask for that."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.finding import Finding, Level
from newsletter.service.proof import Proof


def check_sender(proof: Proof) -> Iterator[Finding]:
    if not proof.issue.masthead.postal_address.strip():
        yield Finding(
            check="postal_address",
            level=proof.trial_level,
            where="[site] postal_address",
            what="The issue names no postal address, which the law wants in each.",
            mend="Set postal_address under [site].",
        )
    if not proof.mail_from:
        yield Finding(
            check="sender",
            level=Level.ERROR,
            where="[mail] from",
            what="There is no address that the newsletter is sent from.",
            mend="Set from under [mail].",
        )
