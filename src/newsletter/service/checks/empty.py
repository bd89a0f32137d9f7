"""Something to read."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(Level.ERROR, promise="The issue has an article or an announcement.")
def check_empty(proof: Proof) -> Iterator[Fault]:
    number = proof.draft.number
    if not proof.issue.topics:
        yield Fault(
            where=f"issue {number}",
            what="The issue has neither an article nor an announcement.",
            mend=f"Import articles, or add stored ones: newsletter issue arrange {number} --add ID.",
        )
