"""How many it goes to."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(
    Level.WARNING,
    promise="The issue goes to somebody, and to as many readers as the last one, give or take a fifth.",
)
def check_audience(proof: Proof) -> Iterator[Fault]:
    now, former = proof.audience.now, proof.audience.former
    if now == 0:
        what = "There is no active subscriber to send it to."
        mend = "Bring readers in: newsletter subscribers import FILE.csv."
    elif former and proof.audience.is_unusual:
        word = "more" if now > former else "fewer"
        what = (
            f"It goes to {now:,} readers, {word} by {abs(now - former) / former:.0%} than the last issue ({former:,})."
        )
        mend = "Look at the last imports, unsubscribes and suppressions: newsletter subscribers list."
    else:
        return
    yield Fault(where="audience", what=what, mend=mend)
