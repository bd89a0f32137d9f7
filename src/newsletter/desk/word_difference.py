"""Two texts side by side in one: which words went, which came, which stayed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_WORD = re.compile(r"\s+|\S+")
_MOST_WORDS = 4_000


@dataclass(frozen=True, slots=True)
class Piece:
    kind: Literal["same", "gone", "new"]
    text: str


def compare(before: str, after: str) -> tuple[Piece, ...]:
    """Give the pieces in order; texts longer than an article's are shown whole, one after the other."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) + len(new) > _MOST_WORDS:
        return (Piece("gone", before), Piece("new", after))
    pieces: list[Piece] = []
    for kind, start, stop, begin, end in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(old[start:stop])))
            continue
        if stop > start:
            pieces.append(Piece("gone", "".join(old[start:stop])))
        if end > begin:
            pieces.append(Piece("new", "".join(new[begin:end])))
    return tuple(pieces)
