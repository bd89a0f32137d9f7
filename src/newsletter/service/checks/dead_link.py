"""Links that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(Level.ERROR, promise="Where links were fetched (`--fetch-links`), no page is missing and no host unknown.")
def check_dead_links(proof: Proof) -> Iterator[Fault]:
    for link in proof.links:
        answer = proof.answers.get(link.url)
        if answer and answer.is_dead:
            why = answer.why or f"leads to a page that is not there (status {answer.status})"
            mend = f"Give the address that it has now: {link.change}."
            yield Fault(where=link.where, field=link.field, what=f"{link.url} {why}.", mend=mend)
