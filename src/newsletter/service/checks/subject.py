"""The subject: its length, and what no header may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.subject_line import LONGEST_SUBJECT
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.header_text import find_unfit
from newsletter.service.proof import Proof

_REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg|sv|vs|ref|tr)\s*:", re.IGNORECASE)


@check(
    Level.ERROR,
    promise="The subject has 78 characters at most, does not begin like a reply, and holds nothing that no header may.",
)
def check_subject(proof: Proof) -> Iterator[Fault]:
    subject = proof.issue.subject
    if len(subject) > LONGEST_SUBJECT:
        yield _find(proof, f"The subject has {len(subject)} characters, {LONGEST_SUBJECT} at most are seen.")
    if _REPLY.match(subject):
        yield _find(proof, "The subject begins like a reply or a forwarded letter; filters distrust that.")
    yield from (_find(proof, f"The subject {fault}.") for fault in find_unfit(subject))


def _find(proof: Proof, what: str) -> Fault:
    mend = f'Write another: newsletter issue edit {proof.draft.number} --subject TEXT ("" takes the derived one).'
    return Fault(where="subject", what=what, mend=mend)
