"""HTML of a whole text, taken apart into its blocks: what a rule can say something about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from html import escape
from typing import Any

from lxml import etree, html

from newsletter.ingest.html import clean_html, read_plain
from newsletter.ingest.label import Label, LabelKind, read_label
from newsletter.ingest.text import clean_line

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_WHOLE = frozenset({"blockquote", "dl", "ol", "pre", "table", "ul"})
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q"}
    | {"s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
)
_NO_TEXT = frozenset(
    {"aside", "audio", "button", "canvas", "dialog", "embed", "footer", "form", "head", "iframe", "input", "link"}
    | {"math", "menu", "meta", "nav", "noscript", "object", "script", "select", "style", "svg", "template", "textarea"}
    | {"video"}
)
_ROLES = frozenset({"title", "subtitle", "caption"})


class BlockKind(Enum):
    TITLE = auto()
    SUBTITLE = auto()
    HEADING = auto()
    PARAGRAPH = auto()
    CAPTION = auto()
    PICTURE = auto()
    #: a list, a table, a quotation: kept as it is
    WHOLE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    kind: BlockKind
    #: clean; without the label of a section
    html: str = ""
    #: one line; of a PICTURE what it shows
    text: str = ""
    #: the text without the numbers of notes
    bare: str = ""
    #: of a HEADING
    level: int = 0
    #: what a heading or paragraph opens
    label: Label | None = None
    #: of a PICTURE: its address in the text
    picture: str = ""
    #: numbers of the notes that it refers to
    notes: tuple[str, ...] = ()


def read_blocks(root: Any, *, base: str | None = None) -> Iterator[Block]:  # noqa: ANN401 - lxml has no types
    """Give the blocks below an element, in order; raises ValueError for one with too many tags.

    Pictures come as blocks of their own, after the one that they stand in. A reference to a note is a ``sup`` whose
    ``data-note`` is its number.
    """
    loose: list[str] = []
    if clean_line(root.text or ""):
        loose.append(escape(root.text))
    for child in root:
        if isinstance(child.tag, str) and child.tag in _INLINE and not _has_blocks(child):
            loose.append(html.tostring(child, encoding="unicode", with_tail=False))
            yield from _take_pictures(child, loose, base)
        elif isinstance(child.tag, str) and child.tag not in _NO_TEXT:
            yield from _flush(loose, base)
            yield from _read_element(child, base)
        if child.tail:
            loose.append(escape(child.tail))
    yield from _flush(loose, base)


def _has_blocks(element: Any) -> bool:  # noqa: ANN401 - lxml has no types
    return any(isinstance(part.tag, str) and part.tag not in _INLINE | {"img"} for part in element.iterdescendants())


def _flush(loose: list[str], base: str | None) -> Iterator[Block]:
    if clean_line("".join(loose)):
        yield from _read_element(html.fragment_fromstring("".join(loose), create_parent="p"), base)
    loose.clear()


def _take_pictures(element: Any, loose: list[str], base: str | None) -> Iterator[Block]:  # noqa: ANN401 - lxml
    """Let a loose picture follow the words before it."""
    if next(element.iter("img"), None) is not None:
        yield from _flush(loose, base)


def _read_element(element: Any, base: str | None) -> Iterator[Block]:  # noqa: ANN401 - lxml has no types
    tag = element.tag
    if tag == "img":
        yield _picture(element)
        return
    if tag == "hr":
        return
    if tag not in _HEADINGS and tag not in _WHOLE and tag not in {"p", "figcaption"}:
        yield from read_blocks(element, base=base)
        return
    pictures = [_picture(image) for image in element.iter("img")]
    for image in list(element.iter("img")):
        image.drop_tree()
    for useless in list(element.iter(*_NO_TEXT)):
        useless.drop_tree()
    if block := _read_words(element, base):
        yield block
    yield from pictures


def _picture(image: Any) -> Block:  # noqa: ANN401 - lxml has no types
    text = clean_line(image.get("alt") or "")
    return Block(kind=BlockKind.PICTURE, picture=image.get("src") or "", text=text)


def _read_words(element: Any, base: str | None) -> Block | None:  # noqa: ANN401 - lxml has no types
    notes = tuple(reference.get("data-note") for reference in element.iter("sup") if reference.get("data-note"))
    text = _read_text(element)
    if not text:
        return None
    bare = _read_text(element, without_notes=True)
    kind = _find_kind(element)
    if kind is BlockKind.WHOLE:
        _flatten_cells(element)
        cleaned = clean_html(_write(element), base=base)
        return Block(kind=kind, html=cleaned, text=read_plain(cleaned), bare=bare, notes=notes)
    label = read_label(bare) if kind in {BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.SUBTITLE} else None
    if label and label.kind is LabelKind.SECTION and kind is BlockKind.HEADING and label.text:
        label = None  # a heading with a colon in it
    if label and label.kind is LabelKind.SECTION:
        _cut_label(element)
    return Block(
        kind=kind,
        html=clean_html(_write(element), base=base),
        text=text,
        bare=bare,
        level=_HEADINGS.get(element.tag, 0),
        label=label,
        notes=notes,
    )


def _flatten_cells(element: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Let a table's row be one paragraph: paragraphs within a cell become its lines."""
    for cell in list(element.iter("td", "th")):
        for at, paragraph in enumerate(cell.findall("p")):
            if at:
                paragraph.addprevious(etree.Element("br"))
            paragraph.drop_tag()


def _find_kind(element: Any) -> BlockKind:  # noqa: ANN401 - lxml has no types
    role = next((name for name in (element.get("class") or "").split() if name in _ROLES), "")
    if role or element.tag == "figcaption":
        return BlockKind[role.upper()] if role else BlockKind.CAPTION
    if element.tag in _HEADINGS:
        return BlockKind.HEADING
    return BlockKind.WHOLE if element.tag in _WHOLE else BlockKind.PARAGRAPH


def _write(element: Any) -> str:  # noqa: ANN401 - lxml has no types
    return str(html.tostring(element, encoding="unicode", with_tail=False))


def _read_text(element: Any, *, without_notes: bool = False) -> str:  # noqa: ANN401 - lxml has no types
    words: list[str] = []
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(part.tag, str):
            continue
        is_left_out = without_notes and part.tag == "sup" and part.get("data-note")
        if event == "start":
            if part.tag in {"br", "td", "th", "li", "tr", "p", "dt", "dd"}:
                words.append(" ")
            if not is_left_out:
                words.append(part.text or "")
        elif part is not element:
            words.append(part.tail or "")
    return clean_line("".join(words))


def _cut_label(element: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Take away the words up to the first colon, which end a section's name, and the spaces behind it."""
    is_past = False
    for part in element.iter():
        for name in ("text", "tail"):
            words = getattr(part, name) or ""
            if (part is element and name == "tail") or not words:
                continue
            if not is_past:
                _, colon, words = words.partition(":")
                is_past = bool(colon)
            words = words.lstrip()
            setattr(part, name, words)
            if is_past and words:
                return
