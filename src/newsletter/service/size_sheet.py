"""What an issue's bytes are spent on, block by block, with a running total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from newsletter.mail.message import encode_quoted_printable
from newsletter.service.compose_issue import ShownItem
from newsletter.service.item_size import measure_item
from newsletter.service.proof import Proof

MOST_BYTES = 90_000
#: What the project's own theme takes around the items: masthead, contents, style, footer; measured on the samples.
USUAL_FRAME = 15_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSize:
    #: "lead", "feature" …, or "frame" for all that is not an item
    block: str
    #: "article 12"; "" for the frame
    name: str
    headline: str
    bytes: int
    #: with all blocks before it
    total: int


def measure_blocks(proof: Proof) -> tuple[BlockSize, ...]:
    """Return what each block takes of the HTML, in the order of the letter, the frame first.

    Items are estimated (``item_size``); the frame is the rest of the exact sum: masthead, contents, style, footer.
    """
    sizes = [measure_item(item) for item in proof.kept]
    frame = max(0, len(proof.html.encode()) - sum(sizes))
    return tuple(_add_up(proof, [frame, *sizes]))


def estimate_total(items: Iterable[ShownItem], *, frame: int = USUAL_FRAME) -> int:
    """Return about how many bytes of HTML an issue of these items takes, without compiling it."""
    return frame + sum(measure_item(item) for item in items)


def measure_encoded(html: str) -> int:
    """Return the bytes that it takes in a letter, as quoted-printable."""
    return len(encode_quoted_printable(html))


def _add_up(proof: Proof, sizes: list[int]) -> Iterator[BlockSize]:
    names = [("frame", "", "Masthead, contents, style and footer")]
    names += [(item.item.slot.value, str(item.name), item.headline) for item in proof.kept]
    for (block, name, headline), size, total in zip(names, sizes, accumulate(sizes), strict=True):
        yield BlockSize(block=block, name=name, headline=headline, bytes=size, total=total)
