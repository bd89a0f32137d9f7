"""What a line opens, by the words that it begins with: an author's name, a credit, a section, a biography.

Page text, Word files and web pages are read by the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from newsletter.ingest.text import split_names

_BYLINE = re.compile(r"by (?P<names>.+)", re.IGNORECASE)
_CREDIT = re.compile(r"(?:photo |image )?credits? ?: ?(?P<text>.+)", re.IGNORECASE)
_BIOGRAPHY = re.compile(r"authors?(?:['’‘ʼ`´]s?)? bio(?:s|graphy|graphies)? ?(?:: ?(?P<text>.*)|$)", re.IGNORECASE)
_SECTION = re.compile(r"(?P<name>[^\W\d_][^:]{1,49}?) ?: ?(?P<text>.*)")
_SENTENCE_END = re.compile(r"[.!?…:][”’\"')\]]*$")

_USUAL_SECTIONS = frozenset({"BACKGROUND", "IMPLICATIONS", "CONCLUSION", "CONCLUSIONS"})
_FEWEST_SECTION_LETTERS = 5  # "NATO: …" opens a paragraph, "METHOD: …" a section
_MOST_SECTION_WORDS = 6

# Words that a surname may begin with in small letters; any other small letter makes "By …" the start of a sentence.
_PARTICLES = frozenset(
    {"af", "al", "bin", "da", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "ibn", "la", "le"}
    | {"ten", "ter", "van", "von", "zu"}
)
_NO_NAME = re.compile(r"[\d:!?\"“”()/]|[^\W\d_]{5,}\.")
_MOST_NAME_WORDS = 6
_LONGEST_CREDIT = 200


class LabelKind(Enum):
    BYLINE = auto()
    CREDIT = auto()
    SECTION = auto()
    BIOGRAPHY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    kind: LabelKind
    #: the section's name
    name: str = ""
    #: the rest of the line: the authors' names, the credit, the first words of the section
    text: str


def read_label(line: str) -> Label | None:
    """Tell what a line with single spaces opens; None for one that goes on with what is open."""
    if (byline := _BYLINE.fullmatch(line)) and _are_names(split_names(byline["names"])):
        return Label(kind=LabelKind.BYLINE, text=byline["names"])
    if (credit := _CREDIT.fullmatch(line)) and len(line) <= _LONGEST_CREDIT:
        return Label(kind=LabelKind.CREDIT, text=credit["text"])
    if biography := _BIOGRAPHY.fullmatch(line):
        return Label(kind=LabelKind.BIOGRAPHY, text=biography["text"] or "")
    if (section := _SECTION.fullmatch(line)) and _is_section_name(section["name"]):
        return Label(kind=LabelKind.SECTION, name=section["name"], text=section["text"])
    return None


def ends_sentence(text: str) -> bool:
    return bool(_SENTENCE_END.search(text))


def _are_names(names: Sequence[str]) -> bool:
    """Tell a line of authors from a sentence that begins with "By"."""
    return bool(names) and all(_is_name(name) for name in names)


def _is_name(name: str) -> bool:
    words = name.split()
    return (
        len(words) <= _MOST_NAME_WORDS
        and not _NO_NAME.search(name)
        and (words[0] in _PARTICLES or not words[0][0].islower())
        and not words[-1][0].islower()
    )


def _is_section_name(name: str) -> bool:
    if name.upper() in _USUAL_SECTIONS:
        return True
    return (
        name.isupper()
        and sum(character.isalpha() for character in name) >= _FEWEST_SECTION_LETTERS
        and not any(character.isdigit() for character in name)
        and len(name.split()) <= _MOST_SECTION_WORDS
    )
