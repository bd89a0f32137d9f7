"""Text that stands in the inbox's list: what must not be in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def find_unfit(text: str) -> Iterator[str]:
    """Say what is wrong with it, as the end of a sentence."""
    if _CONTROL.search(text):
        yield "holds a control character or a line break"
    if "=?" in text:
        yield 'holds "=?", which mail programs take for an encoded word'
