"""Headlines that somebody has written."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.article import StoredArticle
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(Level.ERROR, promise="Every article has a headline that somebody has written, not one cut from its standfirst.")
def check_headlines(proof: Proof) -> Iterator[Fault]:
    for item in proof.kept:
        if isinstance(item.stored, StoredArticle) and item.stored.article.needs_headline and not item.item.headline:
            yield Fault(
                where=str(item.name),
                field="headline",
                what=f"“{item.headline}” is a provisional headline, cut from the standfirst.",
                mend=f"Set one: newsletter articles edit {item.name.id} --headline TEXT.",
            )
