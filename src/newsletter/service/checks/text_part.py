"""The text part: as complete as the HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.issue import RenderedVariant, Slot
from newsletter.render.outline import read_outline
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof

_ADDRESS = re.compile(r"https?://\S+")
_TOKENS = {slot: slot.value.upper() for slot in Slot}
_MEND = "Look at issue.txt.j2 under [render] theme: it has to say what the HTML says."


@check(
    Level.ERROR,
    promise="Text and HTML have the same links, whatever a reader's topics, and every headline stands in both.",
)
def check_text_part(proof: Proof) -> Iterator[Fault]:
    if proof.rendered is None:
        return
    for topics, variant in proof.rendered.variants.items():
        for what in _compare_links(variant):
            yield Fault(where=f"text for readers of {topics.label}", what=what, mend=_MEND)
    full = proof.rendered.full
    parts = {"text": _flatten(full.text.fill(_TOKENS)), "HTML": _flatten(read_outline(full.html.fill(_TOKENS)).words)}
    for item in proof.kept:
        for part, words in parts.items():
            if _flatten(item.headline) not in words:
                yield Fault(where=str(item.name), what=f"“{item.headline}” is missing in the {part} part.", mend=_MEND)


def _compare_links(variant: RenderedVariant) -> Iterator[str]:
    text, outline = variant.text.fill(_TOKENS), read_outline(variant.html.fill(_TOKENS))
    linked = [link.url for link in outline.links if _ADDRESS.match(link.url)]
    for url in dict.fromkeys(linked):
        if url not in text:
            yield f"{url} is linked in the HTML and missing in the text."
    for url in dict.fromkeys(_ADDRESS.findall(text)):
        # An address that an author wrote into a sentence ends with the sentence's own mark.
        if url not in linked and url.rstrip(".,;:!?)]”’»") not in outline.words:
            yield f"{url} stands in the text and is missing in the HTML."


def _flatten(text: str) -> str:
    """Return words as they can be compared: breaks, capitals and marks of direction mean nothing here."""
    return "".join(text.split()).casefold()
