"""The preheader: its length, and what inboxes stumble over."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.subject_line import LONGEST_PREHEADER, SHORTEST_PREHEADER
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.header_text import find_unfit
from newsletter.service.proof import Proof


@check(Level.ERROR, promise="The preheader has 40 to 130 characters and no control characters.")
def check_preheader(proof: Proof) -> Iterator[Fault]:
    preheader = proof.issue.preheader
    if not SHORTEST_PREHEADER <= len(preheader) <= LONGEST_PREHEADER:
        limits = f"between {SHORTEST_PREHEADER} and {LONGEST_PREHEADER}"
        yield _find(proof, f"The preheader has {len(preheader)} characters and should have {limits}.")
    yield from (_find(proof, f"The preheader {fault}.") for fault in find_unfit(preheader))


def _find(proof: Proof, what: str) -> Fault:
    mend = f'Write another: newsletter issue edit {proof.draft.number} --preheader TEXT ("" takes the derived one).'
    return Fault(where="preheader", what=what, mend=mend)
