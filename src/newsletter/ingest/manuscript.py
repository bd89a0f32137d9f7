"""Articles out of a text's blocks, by the rules of the page text and by what its author styled as a title or heading.

A manuscript has a headline more often than a page has, and may have several articles: each begins at a line
``By AUTHOR``, or at the title above it. Every paragraph arrives in one of an article's fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape

from newsletter.domain.article import Article, Image, Section, provisional_headline
from newsletter.domain.body import NOTES
from newsletter.domain.picture import Picture
from newsletter.ingest.biography import clean_biography
from newsletter.ingest.block import Block, BlockKind
from newsletter.ingest.html import Body, read_body
from newsletter.ingest.label import LabelKind, ends_sentence
from newsletter.ingest.text import split_names

_LONGEST_HEADLINE = 160
#: With so many paragraphs above the first heading, the first one is the standfirst and the rest is text.
_MOST_STANDFIRST = 2

#: Told of a source without a byline.
NO_AUTHOR = "No line “By AUTHOR” was found, so the article has no author yet."

#: Gives the picture behind an address in the text: one that is kept here, an address on the web, or nothing.
FindPicture = Callable[[str], Picture | str | None]


@dataclass(slots=True)
class _Parts:
    headline: str = ""
    authors: tuple[str, ...] = ()
    standfirst: list[Block] = field(default_factory=list)
    credit: str = ""
    #: blocks of the body; a section that its label names is a HEADING before its first paragraph
    body: list[Block] = field(default_factory=list)
    biography: list[Block] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_manuscript(
    blocks: Sequence[Block], *, notes: Mapping[str, str] = {}, find_picture: FindPicture
) -> tuple[Article, ...]:
    """Read the articles; ``notes`` are the texts of notes by their number. Empty where the blocks hold no words."""
    articles = (_read_article(part, notes, find_picture) for part in _part_articles(blocks))
    return tuple(article for article in articles if article)


def settle_title(blocks: Iterator[Block]) -> Iterator[Block]:
    """Take the first heading of the first level for the title, wherever it stands in the text."""
    is_titled = False
    for block in blocks:
        if block.kind is BlockKind.HEADING and block.level == 1 and not is_titled and not block.label:
            is_titled = True
            yield replace(block, kind=BlockKind.TITLE)
        else:
            yield block


def _part_articles(blocks: Sequence[Block]) -> list[Sequence[Block]]:
    """Part the blocks before each byline, or before the titles above it. What precedes the first belongs to it."""
    starts = [0]
    for at, block in enumerate(blocks):
        if not _is(block, LabelKind.BYLINE):
            continue
        start = at
        while start > 0 and blocks[start - 1].kind in {BlockKind.TITLE, BlockKind.SUBTITLE, BlockKind.HEADING}:
            if blocks[start - 1].label:
                break
            start -= 1
        if any(_is(before, LabelKind.BYLINE) for before in blocks[:start]):
            starts.append(start)
    return [blocks[start:stop] for start, stop in zip(starts, [*starts[1:], len(blocks)], strict=True)]


def _read_article(blocks: Sequence[Block], notes: Mapping[str, str], find_picture: FindPicture) -> Article | None:
    image, blocks = _take_image(blocks, find_picture)
    parts = _sort(blocks)
    if parts.credit and len(parts.standfirst) > 1 and not ends_sentence(parts.standfirst[-1].bare):
        caption = parts.standfirst.pop().bare  # as on a page: the line before the credit that is no sentence
        image = replace(image, alt=caption) if image else Image(alt=caption)
    if not parts.standfirst:
        _lend_standfirst(parts)
    if not parts.standfirst:
        return None
    body = _write_body(parts, notes, find_picture)
    standfirst = "\n\n".join(block.bare for block in parts.standfirst)
    return Article(
        headline=parts.headline or provisional_headline(standfirst),
        needs_headline=not parts.headline,
        authors=parts.authors,
        standfirst=standfirst,
        sections=body.sections,
        body_html=body.html or None,
        image=image,
        credit=parts.credit,
        biography=clean_biography(block.bare for block in parts.biography),
    )


def _take_image(blocks: Sequence[Block], find_picture: FindPicture) -> tuple[Image | None, list[Block]]:
    """Take the first picture that can be had out of the text, with its caption: it is the article's own."""
    for at, block in enumerate(blocks):
        if block.kind is BlockKind.PICTURE and (found := find_picture(block.picture)):
            rest = [*blocks[:at], *blocks[at + 1 :]]
            alt = block.text
            if at < len(rest) and rest[at].kind is BlockKind.CAPTION:
                alt = rest.pop(at).bare
            return Image(url=found.path if isinstance(found, Picture) else found, alt=alt), rest
    return None, list(blocks)


def _sort(blocks: Sequence[Block]) -> _Parts:
    parts = _Parts()
    rest = _take_head(blocks, parts)
    sorter = _Sorter(parts)
    for at, block in enumerate(rest):
        parts.notes += block.notes
        sorter.take(block, rest[at:])
    return parts


class _Sorter:
    """Puts each block where it belongs: what a label or a heading opened goes on until the next one."""

    def __init__(self, parts: _Parts) -> None:
        self._parts = parts
        self._target = parts.standfirst

    def take(self, block: Block, rest: Sequence[Block]) -> None:
        parts = self._parts
        match block.label.kind if block.label else None:
            case LabelKind.BYLINE if block.label and not parts.authors:
                parts.authors = split_names(block.label.text)
            case LabelKind.CREDIT if block.label and not parts.credit:
                parts.credit = block.label.text
                if self._target is parts.standfirst:
                    self._target = parts.body
            case LabelKind.BIOGRAPHY if block.label:
                self._target = parts.biography
                if block.label.text:
                    self._target.append(replace(block, bare=block.label.text))
            case LabelKind.SECTION if block.label:
                self._target = parts.body
                parts.body.append(_heading(block.label.name, level=block.level))
                if block.label.text:
                    parts.body.append(replace(block, kind=BlockKind.PARAGRAPH))
            case _:
                self._take_text(block, rest)

    def _take_text(self, block: Block, rest: Sequence[Block]) -> None:
        parts = self._parts
        if block.kind is BlockKind.HEADING:
            if self._target is parts.standfirst:
                _shorten_standfirst(parts)
            self._target = parts.body
        elif self._target is parts.standfirst and (
            block.kind not in {BlockKind.PARAGRAPH, BlockKind.SUBTITLE} or _is_text(rest, parts)
        ):
            self._target = parts.body
        if block.kind is BlockKind.PICTURE:
            parts.body.append(block)
        else:
            self._target.append(block)


def _take_head(blocks: Sequence[Block], parts: _Parts) -> list[Block]:
    """Take the headline: what is styled as the title, else a heading above all text, else a line above the byline."""
    rest = list(blocks)
    title = next((at for at, block in enumerate(rest) if block.kind is BlockKind.TITLE), None)
    if title is None and rest and rest[0].kind is BlockKind.HEADING and not rest[0].label:
        title = 0
    byline = next((at for at, block in enumerate(rest) if _is(block, LabelKind.BYLINE)), None)
    if title is None and byline:
        first = rest[0]
        is_line = first.kind is BlockKind.PARAGRAPH and not first.label and not first.bare.endswith((".", ":"))
        if is_line and len(first.bare) <= _LONGEST_HEADLINE:
            title = 0
    if title is not None:
        taken = rest.pop(title)
        parts.headline = taken.bare
        parts.notes += taken.notes
    # A second title stands for what it says.
    return [replace(block, kind=BlockKind.HEADING) if block.kind is BlockKind.TITLE else block for block in rest]


def _is_text(rest: Sequence[Block], parts: _Parts) -> bool:
    """Tell whether a paragraph belongs to the text already: a subtitle was the standfirst, or no heading comes."""
    if any(block.kind is BlockKind.SUBTITLE for block in parts.standfirst):
        return rest[0].kind is not BlockKind.SUBTITLE
    opens = any(
        block.kind is BlockKind.HEADING or _is(block, LabelKind.SECTION) or _is(block, LabelKind.CREDIT)
        for block in rest
    )
    return bool(parts.standfirst) and not opens


def _shorten_standfirst(parts: _Parts) -> None:
    if len(parts.standfirst) > _MOST_STANDFIRST:
        parts.body += parts.standfirst[1:]
        del parts.standfirst[1:]


def _lend_standfirst(parts: _Parts) -> None:
    """Where a heading or a picture opens the text, repeat its first paragraph; take it, if it stands above all."""
    at = next((at for at, block in enumerate(parts.body) if block.kind is BlockKind.PARAGRAPH), None)
    if at is None:
        words = next((block for block in (*parts.body, *parts.biography) if block.bare), None)
        parts.standfirst = [words] if words else []
    elif any(block.kind is BlockKind.HEADING for block in parts.body[:at]):
        parts.standfirst = [parts.body[at]]
    else:
        parts.standfirst = [parts.body.pop(at)]


def _write_body(parts: _Parts, notes: Mapping[str, str], find_picture: FindPicture) -> Body:
    written: list[str] = []
    top = min((block.level for block in parts.body if block.kind is BlockKind.HEADING and block.level), default=0)
    for block in parts.body:
        if block.kind is BlockKind.PICTURE:
            found = find_picture(block.picture)
            if isinstance(found, Picture):
                written.append(_write_picture(found, block.text))
        elif block.kind is BlockKind.HEADING:
            tag = "h2" if block.level <= top else "h3"
            written.append(f"<{tag}>{escape(block.text.rstrip(' :'), quote=False)}</{tag}>")
        else:
            written.append(block.html)
    if wanted := [number for number in dict.fromkeys(parts.notes) if number in notes]:
        written.append(f"<h2>{NOTES}</h2>")
        written += [f"<p>[{number}] {escape(notes[number], quote=False)}</p>" for number in wanted]
    sections: tuple[Section, ...] = read_body("\n".join(text for text in written if "<img " not in text)).sections
    return Body(sections=sections, html="\n".join(written))


def _write_picture(picture: Picture, alt: str) -> str:
    size = f'width="{picture.width}" height="{picture.height}"'
    return f'<p><img src="{picture.path}" alt="{escape(alt)}" {size}></p>'


def _heading(name: str, *, level: int) -> Block:
    return Block(kind=BlockKind.HEADING, text=name, bare=name, level=level)


def _is(block: Block, kind: LabelKind) -> bool:
    return block.label is not None and block.label.kind is kind
