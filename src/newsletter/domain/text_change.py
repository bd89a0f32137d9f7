"""What two versions of a text have not in common: block by block, and word by word where a block was reworded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_ALIKE = 0.4  # of their words; blocks that share less are one that went and one that came
_WORD = re.compile(r"\s*\S+|\s+")
_MOST_WORDS = 4_000
_RULE = re.compile(r"[-=_*]{3,}")


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    #: the same block, in other words
    REWORDED = "reworded"
    #: the same words, in another place
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a block that was reworded; both flags are false for words that stayed."""

    text: str
    is_new: bool = False
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    kind: ChangeKind
    pieces: tuple[Piece, ...]


def split_blocks(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a plain text, each as one line; ruled lines part blocks and are none."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        words = line.split()
        if not words or _RULE.fullmatch(line.strip()):
            blocks.append([])
        else:
            blocks[-1] += words
    return tuple(" ".join(words) for words in blocks if words)


def compare_blocks(before: Sequence[str], after: Sequence[str]) -> tuple[TextChange, ...]:
    """Return what became of the blocks, in the order in which a reader meets them."""
    gone, new = set(before) - set(after), set(after) - set(before)
    changes: list[TextChange] = []
    for tag, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        was = [block for block in before[first:last] if block in gone]
        changes += _pair(was, after[start:end], new)
    return tuple(changes)


def _pair(was: list[str], became: Sequence[str], new: set[str]) -> Iterator[TextChange]:
    """Say what came in place of some blocks: each new one is the next alike reworded, or stands for itself."""
    for block in became:
        if block not in new:
            yield TextChange(kind=ChangeKind.MOVED, pieces=(Piece(block),))
            continue
        alike = next((index for index, old in enumerate(was) if _is_alike(old, block)), None)
        if alike is None:
            yield TextChange(kind=ChangeKind.ADDED, pieces=(Piece(block, is_new=True),))
            continue
        for old in was[:alike]:
            yield TextChange(kind=ChangeKind.REMOVED, pieces=(Piece(old, is_gone=True),))
        yield TextChange(kind=ChangeKind.REWORDED, pieces=compare_words(was[alike], block))
        del was[: alike + 1]
    for old in was:
        yield TextChange(kind=ChangeKind.REMOVED, pieces=(Piece(old, is_gone=True),))


def _is_alike(old: str, block: str) -> bool:
    return SequenceMatcher(None, old.split(), block.split(), autojunk=False).ratio() >= _ALIKE


def compare_words(before: str, after: str) -> tuple[Piece, ...]:
    """Give the words of both in order, with every space; texts longer than an article's stand one after the other."""
    was, became = _WORD.findall(before), _WORD.findall(after)
    if len(was) + len(became) > _MOST_WORDS:
        return (Piece(before, is_gone=True), Piece(after, is_new=True))
    return tuple(_match(was, became))


def _match(was: Sequence[str], became: Sequence[str]) -> Iterator[Piece]:
    for tag, first, last, start, end in SequenceMatcher(None, was, became, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("".join(was[first:last]))
            continue
        if first < last:
            yield Piece("".join(was[first:last]), is_gone=True)
        if start < end:
            yield Piece("".join(became[start:end]), is_new=True)
