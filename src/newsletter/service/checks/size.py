"""Size: Gmail clips letters near 102 kB, and with them the unsubscribe link."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.item_size import measure_item
from newsletter.service.proof import Proof
from newsletter.service.size_sheet import MOST_BYTES, measure_encoded

MOST_STYLE_BYTES = 16_384  # Gmail drops a longer <style> as a whole

_STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)


@check(
    Level.ERROR,
    promise="The HTML has 90,000 bytes at most, as it is and encoded, and no style sheet has more than 16,384.",
)
def check_size(proof: Proof) -> Iterator[Fault]:
    raw, encoded = len(proof.html.encode()), measure_encoded(proof.html)
    if max(raw, encoded) > MOST_BYTES:
        largest = sorted(proof.kept, key=measure_item, reverse=True)[:3]
        names = ", ".join(f"{item.name} ({measure_item(item):,})" for item in largest)
        yield Fault(
            where="HTML",
            what=f"The HTML has {raw:,} bytes, {encoded:,} encoded; {MOST_BYTES:,} is the ceiling.",
            mend=f"Shorten or remove the largest items: {names}.",
        )
    for style in _STYLE.findall(proof.html):
        if len(style.encode()) > MOST_STYLE_BYTES:
            yield Fault(
                where="HTML",
                what=f"A style sheet has {len(style.encode()):,} bytes; {MOST_STYLE_BYTES:,} is the ceiling.",
                mend="Shorten the style sheet of the theme.",
            )
