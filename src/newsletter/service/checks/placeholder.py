"""Words that somebody meant to replace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof

_PLACEHOLDER = re.compile(
    r"\{\{.*?(?:\}\}|$)|\}\}|\{%.*?(?:%\}|$)|(?i:\blorem ipsum\b)|\b(?:TODO|TBD|FIXME|XXX)\b"
    r"|(?i:\[(?:insert|headline|title)\b[^\]]*\]?)"
)


@check(Level.ERROR, promise="No text holds what somebody meant to replace: `{{ … }}`, lorem ipsum, TODO, [headline].")
def check_placeholders(proof: Proof) -> Iterator[Fault]:
    for where, text in _texts(proof):
        found = _PLACEHOLDER.search(text)
        if found:
            what = f"“{found[0].strip()}” looks like a placeholder."
            yield Fault(where=where, what=what, mend="Write what belongs there.")


def _texts(proof: Proof) -> Iterator[tuple[str, str]]:
    issue = proof.issue
    yield from (("subject", issue.subject), ("preheader", issue.preheader), ("note", issue.note))
    yield from ((str(item.name), f"{item.headline}\n{item.text}") for item in proof.kept)
