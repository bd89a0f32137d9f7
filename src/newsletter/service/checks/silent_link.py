"""Links of which nobody knows whether they lead anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(Level.WARNING, promise="Where links were fetched (`--fetch-links`), every page answered and none refused us.")
def check_silent_links(proof: Proof) -> Iterator[Fault]:
    for link in proof.links:
        answer = proof.answers.get(link.url)
        if answer is None or answer.is_dead:
            continue
        if answer.status is None:
            what = f"{link.url} {answer.why}."
        elif answer.status >= HTTPStatus.BAD_REQUEST:
            what = f"{link.url} answered with status {answer.status}."
        else:
            continue
        yield Fault(
            where=link.where,
            field=link.field,
            what=what,
            mend=f"Open it in a browser; if it fails there too: {link.change}.",
        )
