"""Finding phrases in a text of any language, in time proportional to its length.

A phrase is a run of words as ``simplify`` leaves them. It begins at a word and may end inside one ("full" finds
"fully"); ``*`` stands for up to sixty characters. Nothing here backtracks: it is all plain substring search.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

_LONGEST_GAP = 60
_OPENING = 3  # letters

# From the beginning of a word on: trying each letter of a long link would take a hundred times as long.
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]:;,\"'@])[^\s<>()\[\]:;,\"'@]{1,128}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,10}")
_NOT_A_WORD = re.compile(r"[^\w@]+|_+")

LabelT = TypeVar("LabelT")


@dataclass(frozen=True)
class Simple:
    """A text as ``simplify`` leaves it, ready for any number of phrase books."""

    text: str

    @cached_property
    def openings(self) -> frozenset[str]:
        """The first letters of its words. They rule out most phrases, which makes a search ten times as fast."""
        words = frozenset(word[:_OPENING] for word in self.text.split())
        return words if self.text.isascii() else words | {""}


@dataclass(frozen=True, slots=True)
class _Phrase(Generic[LabelT]):
    label: LabelT
    pieces: tuple[str, ...]
    #: the first letters of its first word; empty where it need not begin at a word
    opening: str

    def is_in(self, text: str) -> bool:
        first, *rest = self.pieces
        start = text.find(first)
        while start >= 0 and rest:
            end = start + len(first)
            for piece in rest:
                found = text.find(piece, end, end + _LONGEST_GAP + len(piece))
                if found < 0:
                    break
                end = found + len(piece)
            else:
                return True
            start = text.find(first, start + 1)
        return start >= 0


@dataclass(frozen=True, slots=True)
class PhraseBook(Generic[LabelT]):
    """Phrases with a label each; the first one that is in a text gives the label."""

    phrases: tuple[_Phrase[LabelT], ...]

    @classmethod
    def compile(cls, *tables: tuple[tuple[LabelT, str], ...]) -> PhraseBook[LabelT]:
        """Take labels, each with its phrases, parted by ``|`` and line ends."""
        return cls(
            tuple(
                _compile(label, line)
                for table in tables
                for label, lines in table
                for line in lines.replace("\n", "|").split("|")
                if line.strip()
            )
        )

    def find(self, simple: Simple) -> LabelT | None:
        openings, text = simple.openings, simple.text
        return next((each.label for each in self.phrases if each.opening in openings and each.is_in(text)), None)


def simplify(text: str) -> Simple:
    """Lower case, no accents, no punctuation, ``@`` for any address, one space between words and at both ends."""
    text = _ADDRESS.sub(" @ ", text.casefold())
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text).replace("ı", "i")
        text = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return Simple(f" {_NOT_A_WORD.sub(' ', text).strip()} ")


def _compile(label: LabelT, line: str) -> _Phrase[LabelT]:
    pieces = tuple(simplify(piece).text.rstrip() for piece in line.split("*"))
    opening = pieces[0].split(maxsplit=1)[0][:_OPENING]
    if opening.isascii():
        return _Phrase(label, pieces, opening)
    return _Phrase(label, tuple(piece.strip() for piece in pieces), "")  # not every script puts spaces between words
