"""Running text: words, and what sets some of them apart, in one form however the HTML nests it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

#: A line that ends within a paragraph. Every other space in running text is a single one.
BREAK = "\n"

#: What sets words apart: the tag and, of a link, its address.
Format: TypeAlias = tuple[str, str]

LINK = "a"
#: the outermost first, where several reach equally far
_ORDER = (LINK, "strong", "em", "s", "sub", "sup", "code")
#: What HTML has two tags for.
_SAME = {"b": "strong", "i": "em"}
FORMATS = frozenset({*_ORDER, *_SAME})

_PARTS = re.compile(r"(\s+)")


@dataclass(frozen=True, slots=True)
class Span:
    """Some words with the same formats."""

    text: str
    formats: frozenset[Format] = frozenset()


@dataclass(frozen=True, slots=True)
class Apart:
    """What one format holds."""

    format: Format
    inside: tuple[Nested, ...]


Nested: TypeAlias = "Apart | str"


def name_format(tag: str, address: str = "") -> Format:
    return _SAME.get(tag, tag), address


def tidy(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Give the words with single spaces between them, none at the ends or around a break, and no break at the ends.

    A space or a break is set apart only where the words on both sides are, so that equal looks are equal spans.
    """
    words: list[tuple[str, frozenset[Format]]] = []
    between = ""
    gaps: list[str] = []
    for part, formats in _split(spans):
        if part.isspace():
            between = _widen(between, part)
            continue
        gaps.append(between)
        words.append((part, formats))
        between = ""
    pieces: list[Span] = []
    for at, (word, formats) in enumerate(words):
        if at and gaps[at]:
            _add(pieces, gaps[at], words[at - 1][1] & formats)
        _add(pieces, word, formats)
    return tuple(pieces)


def nest(spans: Sequence[Span]) -> tuple[Nested, ...]:
    """Put formats within each other: at each place the one that reaches furthest is outside."""
    return tuple(_nest(spans))


def write_html(spans: Sequence[Span]) -> str:
    return "".join(map(_write, nest(spans)))


def plain(spans: Iterable[Span]) -> str:
    return "".join(span.text for span in spans)


def replace_words(spans: Sequence[Span], words: str, instead: str) -> tuple[Span, ...]:
    """Put other words wherever these stand, however formats part them."""
    starts = {found.start() for found in re.finditer(re.escape(words), plain(spans))}
    gone = {at for start in starts for at in range(start, start + len(words))}
    pieces: list[Span] = []
    at = 0
    for span in spans:
        for character in span.text:
            if at in starts:
                _add(pieces, instead, span.formats)
            if at not in gone:
                _add(pieces, character, span.formats)
            at += 1
    return tuple(pieces) if starts else tuple(spans)


def _split(spans: Iterable[Span]) -> Iterator[tuple[str, frozenset[Format]]]:
    """Give words and the spaces between them in turn; words without a break between them stay together."""
    for span in spans:
        if BREAK in span.text:
            yield from ((part, span.formats) for part in _PARTS.split(span.text) if part)
            continue
        words = " ".join(span.text.split())
        parts = (" " if span.text[:1].isspace() else "", words, " " if words and span.text[-1].isspace() else "")
        yield from ((part, span.formats) for part in parts if part)


def _widen(before: str, more: str) -> str:
    """Join spaces between the same words: breaks are counted, and swallow the spaces around them."""
    count = before.count(BREAK) + more.count(BREAK)
    return BREAK * count if count else " "


def _add(pieces: list[Span], text: str, formats: frozenset[Format]) -> None:
    if pieces and pieces[-1].formats == formats:
        text = pieces.pop().text + text
    pieces.append(Span(text, formats))


def _nest(spans: Sequence[Span]) -> Iterator[Nested]:
    at = 0
    while at < len(spans):
        span = spans[at]
        if not span.formats:
            yield span.text
            at += 1
            continue
        reach = {each: _find_end(spans, at, each) for each in sorted(span.formats, key=_rank)}
        chosen = max(reach, key=lambda each: reach[each])
        inside = [Span(each.text, each.formats - {chosen}) for each in spans[at : reach[chosen]]]
        yield Apart(chosen, nest(inside))
        at = reach[chosen]


def _rank(each: Format) -> tuple[int, str]:
    return _ORDER.index(each[0]), each[1]


def _find_end(spans: Sequence[Span], start: int, wanted: Format) -> int:
    return next((at for at in range(start, len(spans)) if wanted not in spans[at].formats), len(spans))


def _write(node: Nested) -> str:
    if isinstance(node, str):
        return escape(node, quote=False).replace(BREAK, "<br>")
    tag, address = node.format
    attributes = f' href="{escape(address)}" rel="noopener noreferrer nofollow"' if tag == LINK else ""
    return f"<{tag}{attributes}>{''.join(map(_write, node.inside))}</{tag}>"
