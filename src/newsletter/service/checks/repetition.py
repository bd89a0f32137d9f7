"""What readers have had before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from newsletter.domain.issue import ItemSlot
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(Level.WARNING, promise="No article, headline or subject is one that readers have had, or have twice.")
def check_repetitions(proof: Proof) -> Iterator[Fault]:
    number = proof.draft.number
    for item in proof.items:
        former = proof.history.articles.get(item.item.article_id or 0, number)
        if former != number and item.item.slot in {ItemSlot.LEAD, ItemSlot.FEATURE}:
            mend = f"Remove it: newsletter issue arrange {number} --remove {item.name.argument}."
            yield Fault(where=str(item.name), what=f"“{item.headline}” was in issue {former}.", mend=mend)
    for published in proof.history.issues:
        if published.subject.casefold() == proof.issue.subject.casefold() and published.number != number:
            mend = f"Write another: newsletter issue edit {number} --subject TEXT."
            yield Fault(where="subject", what=f"Issue {published.number} had the same subject.", mend=mend)
    headlines = Counter(item.headline for item in proof.kept if item.item.article_id)
    for headline, count in headlines.items():
        if count > 1:
            mend = f"Tell the articles apart: newsletter issue arrange {number} --headline ID=TEXT."
            yield Fault(where="headlines", what=f"“{headline}” stands {count} times in the issue.", mend=mend)
