"""The text of a published issue page, as copied out of a browser.

Each article is a line ``By AUTHOR``, a standfirst of one or more paragraphs, perhaps an image caption, a line
``Credit:``, sections that begin ``NAME:`` in capitals, and ``AUTHOR’S BIO:``. The page's footer follows the last one.
Pages have no headlines, so every article gets a provisional one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from newsletter.domain.article import Article, Image, Section, provisional_headline
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.biography import clean_biography
from newsletter.ingest.label import LabelKind, ends_sentence, read_label
from newsletter.ingest.sourced import Sourced
from newsletter.ingest.text import clean_text, split_names

_FOOTER_HEADINGS = frozenset({"feature articles", "earlier articles", "visit also"})
_SIGN_UP = re.compile(r"newsletter$|sign up\b|subscribe\b", re.IGNORECASE)
_LONGEST_PARTNER_NAME = 60


@dataclass(slots=True)
class _Block:
    """Lines that belong together, and what their first line makes of them."""

    #: None for a paragraph that goes on with what is open
    kind: LabelKind | None
    line: int
    #: the section's name
    name: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(line for line in self.lines if line)


def read_page(source: str, text: str) -> Sourced:
    """Read every article of the page and its footer; raises UnreadableSourceError."""
    lines = [" ".join(line.split()) for line in clean_text(text).split("\n")]
    end = next((at for at, line in enumerate(lines) if _footer_heading(line)), len(lines))
    blocks = list(_read_blocks(lines[:end]))
    if not blocks or blocks[0].kind is not LabelKind.BYLINE:
        raise UnreadableSourceError(
            source,
            blocks[0].line if blocks else 1,
            "a line “By AUTHOR” before any other text, or “# HEADLINE” where it is Markdown",
        )
    starts = [at for at, block in enumerate(blocks) if block.kind is LabelKind.BYLINE]
    articles = tuple(
        _read_article(source, blocks[start:stop])
        for start, stop in zip(starts, [*starts[1:], len(blocks)], strict=True)
    )
    partner_names, blurb = _read_footer(lines[end:])
    return Sourced(articles=articles, partner_names=partner_names, blurb=blurb)


def _read_blocks(lines: Iterable[str]) -> Iterator[_Block]:
    """Part the lines at blank lines, and before each line that opens a part of an article."""
    block: _Block | None = None
    for number, line in enumerate(lines, start=1):
        opened = _open_block(number, line) if line else None
        if block and (opened or not line or block.kind in {LabelKind.BYLINE, LabelKind.CREDIT}):
            yield block
            block = None
        if opened:
            block = opened
        elif line and block:
            block.lines.append(line)
        elif line:
            block = _Block(None, number, lines=[line])
    if block:
        yield block


def _open_block(number: int, line: str) -> _Block | None:
    label = read_label(line)
    return _Block(label.kind, number, name=label.name, lines=[label.text]) if label else None


@dataclass(slots=True)
class _Parts:
    """An article's paragraphs, each list in the order of the page."""

    standfirst: list[str] = field(default_factory=list)
    credit: str = ""
    #: the block that opened each section, and its paragraphs
    sections: list[tuple[_Block, list[str]]] = field(default_factory=list)
    biography: list[str] = field(default_factory=list)


def _read_article(source: str, blocks: Sequence[_Block]) -> Article:
    byline, *rest = blocks
    parts = _sort_blocks(rest)
    caption = parts.standfirst.pop() if parts.credit and _ends_in_caption(parts.standfirst) else ""
    if not parts.standfirst:
        raise UnreadableSourceError(source, byline.line + 1, f"a standfirst below “By {byline.text}”")
    if empty := next((block for block, paragraphs in parts.sections if block.name and not paragraphs), None):
        raise UnreadableSourceError(source, empty.line, f"text after “{empty.name}:”")
    sections = tuple(
        Section(name=block.name, paragraphs=tuple(paragraphs)) for block, paragraphs in parts.sections if paragraphs
    )
    if not sections:
        raise UnreadableSourceError(source, byline.line, f"a body, such as “BACKGROUND: …”, below “By {byline.text}”")
    standfirst = "\n\n".join(parts.standfirst)
    return Article(
        headline=provisional_headline(standfirst),
        needs_headline=True,
        authors=split_names(byline.text),
        standfirst=standfirst,
        sections=sections,
        image=Image(alt=caption) if caption else None,
        credit=parts.credit,
        biography=clean_biography(parts.biography),
    )


def _sort_blocks(blocks: Iterable[_Block]) -> _Parts:
    parts = _Parts()
    paragraphs = parts.standfirst  # the list that the next paragraph belongs to
    for block in blocks:
        if block.kind is LabelKind.CREDIT and not parts.credit:
            parts.credit = block.text
            if paragraphs is parts.standfirst:  # what follows is the body, under no heading yet
                paragraphs = []
                parts.sections.append((block, paragraphs))
            continue
        if block.kind is LabelKind.SECTION:
            paragraphs = []
            parts.sections.append((block, paragraphs))
        elif block.kind is LabelKind.BIOGRAPHY:
            paragraphs = parts.biography
        if block.text:
            paragraphs.append(block.text)
    return parts


def _ends_in_caption(standfirst: Sequence[str]) -> bool:
    """Tell whether a caption follows the standfirst: the last line before the credit, which is no sentence."""
    return len(standfirst) > 1 and not ends_sentence(standfirst[-1])


def _footer_heading(line: str) -> str:
    heading = line.rstrip(" :").lower()
    return heading if heading in _FOOTER_HEADINGS else ""


def _read_footer(lines: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Give the names below "Visit also", each once, and the blurb that follows them."""
    start = next((at for at, line in enumerate(lines, start=1) if _footer_heading(line) == "visit also"), len(lines))
    names: list[str] = []
    blurb: list[str] = []
    for is_text, group in groupby(lines[start:], key=bool):
        block = list(group)
        if not is_text:
            continue
        if _SIGN_UP.match(block[0]) or _footer_heading(block[0]):
            break
        if blurb or any(len(line) > _LONGEST_PARTNER_NAME or ends_sentence(line) for line in block):
            blurb.append(" ".join(block))
        else:
            names += block
    return tuple(dict.fromkeys(names)), "\n\n".join(blurb)
