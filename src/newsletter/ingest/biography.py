"""Authors' biographies, without what a content manager's mail protection leaves in copied text."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PROTECTION = re.compile(
    r"this e-?mail address is being protected from spam ?bots\.?(?: you need javascript enabled to view it\.?)?",
    re.IGNORECASE,
)
# The words that led to the address: they now lead nowhere.
_LEAD_IN = re.compile(
    r"""
    (?:
        (?:^|(?<=[.!?…])\s+) (?:(?!and\b)(?:[^\s.!?…]+|\w{1,4}\.)\s+){1,3}   # a sentence: "He", "Dr. Ann Example"
      | [\s,;]+ (?:(?:and|who)\s+)?                                          # or the end of one
    )
    (?:can|may) \s be \s (?:reached|contacted) [^.!?…]* $
    | [\s,;(–-]* \b (?:e-?mail(?:\ address)?|contact) \s? :? \s? $
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SENTENCE_END = re.compile(r"[.!?…][”’\"')\]]*$")


def clean_biography(paragraphs: Iterable[str]) -> str:
    """Give the biography, paragraphs parted by a blank line; a sentence that lost its end gets a full stop."""
    cleaned = (_drop_contact(paragraph) for paragraph in paragraphs)
    return "\n\n".join(paragraph for paragraph in cleaned if paragraph)


def _drop_contact(paragraph: str) -> str:
    first, *rest = _PROTECTION.split(paragraph)
    if not rest:
        return paragraph
    text = _LEAD_IN.sub("", first.rstrip())
    for piece in rest:
        remainder = piece.lstrip(" .,;)")
        text = f"{_end_sentence(text)} {_LEAD_IN.sub('', remainder.rstrip())}".strip()
    return _end_sentence(text)


def _end_sentence(text: str) -> str:
    text = text.rstrip(" ,;:(–-")
    return text if not text or _SENTENCE_END.search(text) else f"{text}."
