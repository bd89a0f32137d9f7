"""Partner links that cannot be shown, or not now."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.partner import StoredPartnerLink
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(Level.WARNING, promise="Every partner has an address, and none is shown outside its window.")
def check_partners(proof: Proof) -> Iterator[Fault]:
    for partner in proof.partners:
        if partner.link.url is None:
            yield Fault(
                where=f"partner {partner.id}",
                field="url",
                what=f"{partner.link.name} has no address and is not shown.",
                mend=f"Give it one: newsletter partners edit {partner.id} --url URL.",
            )
    for item in proof.kept:
        stored = item.stored
        if isinstance(stored, StoredPartnerLink) and not stored.link.is_shown_at(proof.shown_at):
            yield Fault(
                where=str(item.name),
                what=f"{stored.link.name} is shown outside its window.",
                mend=f"Remove it: newsletter issue arrange {proof.draft.number} --remove {item.name.argument}.",
            )
