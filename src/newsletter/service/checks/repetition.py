"""What readers have had before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from newsletter.domain.issue import ItemSlot
from newsletter.service.finding import Finding, Level
from newsletter.service.proof import Proof


def check_repetitions(proof: Proof) -> Iterator[Finding]:
    for item in proof.items:
        former = proof.history.articles.get(item.item.article_id or 0, proof.draft.number)
        if former != proof.draft.number and item.item.slot in {ItemSlot.LEAD, ItemSlot.FEATURE}:
            yield _warn(
                str(item.name), f"“{item.headline}” was in issue {former}.", "Remove it, or show it as an earlier one."
            )
    for published in proof.history.issues:
        if published.subject == proof.issue.subject and published.number != proof.draft.number:
            yield _warn("subject", f"Issue {published.number} had the same subject.", "Write another subject.")
    headlines = Counter(item.headline for item in proof.items if item.item.article_id and not item.is_withdrawn)
    for headline, count in headlines.items():
        if count > 1:
            yield _warn("headlines", f"“{headline}” stands {count} times in the issue.", "Tell the articles apart.")


def _warn(where: str, what: str, mend: str) -> Finding:
    return Finding(check="repetition", level=Level.WARNING, where=where, what=what, mend=mend)
