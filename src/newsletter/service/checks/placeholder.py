"""Words that somebody meant to replace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.service.finding import Finding, Level
from newsletter.service.proof import Proof

_PLACEHOLDER = re.compile(
    r"\{\{.*?(?:\}\}|$)|\}\}|\{%.*?(?:%\}|$)|(?i:\blorem ipsum\b)|\b(?:TODO|TBD|FIXME|XXX)\b"
    r"|(?i:\[(?:insert|headline|title)\b[^\]]*\]?)"
)


def check_placeholders(proof: Proof) -> Iterator[Finding]:
    for where, text in _texts(proof):
        found = _PLACEHOLDER.search(text)
        if found:
            yield Finding(
                check="placeholder",
                level=Level.ERROR,
                where=where,
                what=f"“{found[0].strip()}” looks like a placeholder.",
                mend="Write what belongs there.",
            )


def _texts(proof: Proof) -> Iterator[tuple[str, str]]:
    issue = proof.issue
    yield from (("subject", issue.subject), ("preheader", issue.preheader), ("note", issue.note))
    yield from ((str(item.name), f"{item.headline}\n{item.text}") for item in proof.items if not item.is_withdrawn)
