"""Size: Gmail clips letters near 102 kB, and with them the unsubscribe link."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.issue import Slot
from newsletter.mail.message import encode_quoted_printable
from newsletter.service.finding import Finding, Level
from newsletter.service.item_size import measure_item
from newsletter.service.proof import Proof

MOST_BYTES = 90_000
MOST_STYLE_BYTES = 16_384  # Gmail drops a longer <style> as a whole
MOST_ITEM_BYTES = 9_000

_TOKEN = "x" * 39  # as long as a reader's token in a link
_STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)


def check_size(proof: Proof) -> Iterator[Finding]:
    if proof.rendered:
        yield from _check_whole(proof, proof.rendered.full.html.fill(dict.fromkeys(Slot, _TOKEN)))
    for item in proof.items:
        size = measure_item(item)
        if size > MOST_ITEM_BYTES and not item.is_withdrawn:
            yield Finding(
                check="size",
                level=Level.WARNING,
                where=str(item.name),
                what=f"“{item.headline}” takes about {size:,} bytes of the letter.",
                mend="Shorten its teaser.",
            )


def _check_whole(proof: Proof, html: str) -> Iterator[Finding]:
    raw, encoded = len(html.encode()), len(encode_quoted_printable(html))
    if max(raw, encoded) > MOST_BYTES:
        largest = sorted(proof.items, key=measure_item, reverse=True)[:3]
        names = ", ".join(f"{item.name} ({measure_item(item):,})" for item in largest)
        yield _find(f"The HTML has {raw:,} bytes, {encoded:,} encoded; {MOST_BYTES:,} is the ceiling.", names)
    for style in _STYLE.findall(html):
        if len(style.encode()) > MOST_STYLE_BYTES:
            yield _find(f"A style sheet has {len(style.encode()):,} bytes; {MOST_STYLE_BYTES:,} is the ceiling.", "")


def _find(what: str, largest: str) -> Finding:
    mend = f"Shorten or remove the largest items: {largest}." if largest else "Shorten the style sheet of the theme."
    return Finding(check="size", level=Level.ERROR, where="HTML", what=what, mend=mend)
