"""Subject and preheader: length, and what no header may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.subject_line import LONGEST_PREHEADER, LONGEST_SUBJECT, SHORTEST_PREHEADER
from newsletter.service.finding import Finding, Level
from newsletter.service.proof import Proof

_REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg|sv|vs|ref|tr)\s*:", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def check_subject(proof: Proof) -> Iterator[Finding]:
    subject, preheader = proof.issue.subject, proof.issue.preheader
    if len(subject) > LONGEST_SUBJECT:
        yield _find(proof, "subject", f"The subject has {len(subject)} characters, {LONGEST_SUBJECT} at most are seen.")
    if _REPLY.match(subject):
        yield _find(proof, "subject", "The subject begins like a reply or a forwarded letter; filters distrust that.")
    if not SHORTEST_PREHEADER <= len(preheader) <= LONGEST_PREHEADER:
        limits = f"between {SHORTEST_PREHEADER} and {LONGEST_PREHEADER}"
        yield _find(proof, "preheader", f"The preheader has {len(preheader)} characters and should have {limits}.")
    for name, text in (("subject", subject), ("preheader", preheader)):
        if _CONTROL.search(text):
            yield _find(proof, name, f"The {name} holds a control character or a line break.")
        if "=?" in text:
            yield _find(proof, name, f'The {name} holds "=?", which mail programs take for an encoded word.')


def _find(proof: Proof, name: str, what: str) -> Finding:
    mend = f'Write another: newsletter issue edit {proof.draft.number} --{name} TEXT ("" takes the derived one).'
    return Finding(check=name, level=Level.ERROR, where=name, what=what, mend=mend)
