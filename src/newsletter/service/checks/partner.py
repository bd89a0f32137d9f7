"""Partner links that cannot be shown."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.partner import StoredPartnerLink
from newsletter.service.finding import Finding, Level
from newsletter.service.proof import Proof


def check_partners(proof: Proof) -> Iterator[Finding]:
    for partner in proof.partners:
        if partner.link.url is None:
            yield _warn(
                partner,
                f"{partner.link.name} has no address and is not shown.",
                f"Give it one: newsletter partners edit {partner.id} --url URL.",
            )
    shown_at = max(proof.draft.due_at, proof.now)
    for item in proof.items:
        stored = item.stored
        if isinstance(stored, StoredPartnerLink) and not item.is_withdrawn and not stored.link.is_shown_at(shown_at):
            yield _warn(stored, f"{stored.link.name} is shown outside its window.", "Remove it from the issue.")


def _warn(partner: StoredPartnerLink, what: str, mend: str) -> Finding:
    return Finding(check="partner", level=Level.WARNING, where=f"partner {partner.id}", what=what, mend=mend)
