"""Words that somebody meant to replace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.article import StoredAnnouncement, StoredArticle
from newsletter.domain.partner import StoredPartnerLink
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof

_PLACEHOLDER = re.compile(
    r"\{\{.*?(?:\}\}|$)|\}\}|\{%.*?(?:%\}|$)|(?i:\blorem ipsum\b)|\b(?:TODO|TBD|FIXME|XXX)\b"
    r"|(?i:\[(?:insert|headline|title)\b[^\]]*\]?)"
)


@check(Level.ERROR, promise="No text holds what somebody meant to replace: `{{ … }}`, lorem ipsum, TODO, [headline].")
def check_placeholders(proof: Proof) -> Iterator[Fault]:
    for where, field, text in _texts(proof):
        found = _PLACEHOLDER.search(text)
        if found:
            what = f"“{found[0].strip()}” looks like a placeholder."
            yield Fault(where=where, field=field, what=what, mend="Write what belongs there.")


def _texts(proof: Proof) -> Iterator[tuple[str, str, str]]:
    """Give where each text stands, the field of an item that only its own screen has, and the text."""
    issue = proof.issue
    yield from (("subject", "", issue.subject), ("preheader", "", issue.preheader), ("note", "", issue.note))
    for item in proof.kept:
        match item.stored:
            case StoredArticle():  # the issue may have words of its own for it
                yield str(item.name), "", f"{item.headline}\n{item.text}"
            case StoredAnnouncement():
                yield from ((str(item.name), "title", item.headline), (str(item.name), "text", item.text))
            case StoredPartnerLink():
                yield from ((str(item.name), "name", item.headline), (str(item.name), "text", item.text))
