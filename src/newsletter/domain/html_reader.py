"""Reading HTML into the blocks of a body. Two texts that look alike to a reader become equal blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import TypeAlias

from newsletter.domain.body import DEEPEST, HEADINGS, Block, is_followable
from newsletter.domain.picture import read_picture_path
from newsletter.domain.running_text import BREAK, FORMATS, LINK, Format, Span, name_format, plain, tidy

_ROWS = frozenset({"thead", "tbody", "tr"})
_CELLS = frozenset({"td", "th"})
_BLOCKS = frozenset(
    {"blockquote", "dd", "dl", "dt", "figcaption", "figure", "li", "ol", "p", "pre", "table", "ul"}
    | {*HEADINGS, *_ROWS, *_CELLS}
)
_ATTRIBUTES = {"a": frozenset({"href", "rel"}), "img": frozenset({"src", "alt", "width", "height"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHtml:
    blocks: tuple[Block, ...]
    #: what no body has, and was left out: "<div>", "a comment"
    strange: tuple[str, ...]


def read_html(html: str) -> ReadHtml:
    """Take ``html`` apart. What is strange in it is left out and named; words stay."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return ReadHtml(blocks=_as_paragraphs(_settle_flow(builder.root.items)), strange=tuple(builder.strange))


@dataclass(slots=True)
class _Open:
    """An element while it is read."""

    tag: str
    items: list[_Item] = field(default_factory=list)
    path: str = ""
    alt: str = ""


_Item: TypeAlias = "_Open | Span"


class _Builder(HTMLParser):
    """Reads HTML into a tree of blocks; formats that stand around blocks come to stand within them."""

    def __init__(self) -> None:
        super().__init__()
        self.root = _Open("")
        self.strange: list[str] = []
        self._stack = [self.root]
        self._formats: list[tuple[str, Format | None]] = []
        #: tags of blocks that lie too deep
        self._beyond: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.strange += [f"the attribute {name}" for name in given if name not in _ATTRIBUTES.get(tag, ())]
        if tag in FORMATS:
            self._formats.append((tag, self._read_format(tag, given)))
        elif tag == "br":
            self._add_text(BREAK)
        elif tag == "hr":
            self._stack[-1].items.append(_Open("hr"))
        elif tag == "img":
            self._add_picture(given.get("src", ""), given.get("alt", ""))
        elif tag in _BLOCKS:
            self._open_block(tag)
        else:
            self.strange.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in FORMATS:
            at = next((at for at in reversed(range(len(self._formats))) if self._formats[at][0] == tag), None)
            if at is not None:
                del self._formats[at]
        elif tag in self._beyond:
            while self._beyond.pop() != tag:
                pass
            self._stack[-1].items.append(_Open("p"))
        elif any(opened.tag == tag for opened in self._stack[1:]):
            while self._stack.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._add_text(data if self._is_in_pre() else " ".join(re.split(r"\s+", data)))

    def handle_comment(self, _data: str) -> None:
        self.strange.append("a comment")

    def handle_decl(self, _decl: str) -> None:
        self.strange.append("a declaration")

    def unknown_decl(self, _data: str) -> None:
        self.strange.append("a declaration")

    def handle_pi(self, _data: str) -> None:
        self.strange.append("a declaration")

    def _open_block(self, tag: str) -> None:
        if len(self._stack) > DEEPEST:
            self._beyond.append(tag)
            self._stack[-1].items.append(_Open("p"))  # parts the words before it from those in it
            return
        opened = _Open(tag)
        self._stack[-1].items.append(opened)
        self._stack.append(opened)

    def _read_format(self, tag: str, given: Mapping[str, str]) -> Format | None:
        if tag != LINK:
            return name_format(tag)
        address = given.get("href", "")
        if is_followable(address):
            return name_format(LINK, address)
        if address:
            self.strange.append("a link to what is no address")
        return None

    def _add_text(self, text: str) -> None:
        formats = frozenset(each for _, each in self._formats if each)
        links = sorted(each for each in formats if each[0] == LINK)
        self._stack[-1].items.append(Span(text, formats.difference(links[1:])))

    def _add_picture(self, path: str, alt: str) -> None:
        if read_picture_path(path) is None:
            self.strange.append("a picture from elsewhere")
            return
        self._stack[-1].items.append(_Open("img", path=path, alt=" ".join(alt.split())))

    def _is_in_pre(self) -> bool:
        return any(opened.tag == "pre" for opened in self._stack)


def _settle_flow(items: Iterable[_Item]) -> tuple[Block, ...]:
    """Part text that is in no block of its own, as lines, from the blocks around it."""
    blocks: list[Block] = []
    run: list[Span] = []

    def end_run() -> None:
        if spans := tidy(run):
            blocks.append(Block(tag="line", spans=spans))
        run.clear()

    for item in items:
        if isinstance(item, Span):
            run.append(item)
        else:
            end_run()
            blocks += _settle(item)
    end_run()
    # An empty block between them parted them.
    are_parted = any(before.tag == after.tag == "line" for before, after in pairwise(blocks))
    return _as_paragraphs(blocks) if are_parted else tuple(blocks)


def _as_paragraphs(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple(replace(block, tag="p") if block.tag == "line" else block for block in blocks)


def _settle(opened: _Open) -> tuple[Block, ...]:
    return _SETTLERS.get(opened.tag, _settle_paragraphs)(opened)


def _settle_paragraphs(opened: _Open) -> tuple[Block, ...]:
    return _as_paragraphs(_settle_flow(opened.items))


def _settle_rule(_opened: _Open) -> tuple[Block, ...]:
    return (Block(tag="hr"),)


def _settle_picture(opened: _Open) -> tuple[Block, ...]:
    return (Block(tag="figure", path=opened.path, alt=opened.alt),)


def _settle_quotation(opened: _Open) -> tuple[Block, ...]:
    children = _settle_paragraphs(opened)
    return (Block(tag="blockquote", children=children),) if children else ()


def _settle_heading(opened: _Open) -> tuple[Block, ...]:
    spans = tidy(_gather(opened))
    return (Block(tag=opened.tag, spans=spans),) if spans else ()


def _settle_item(opened: _Open) -> tuple[Block, ...]:
    return _settle_list(_Open("ul", [opened]))


def _gather(opened: _Open) -> Iterable[Span]:
    """Give the words of an element that holds running text alone; blocks in it are parted by a space."""
    for item in opened.items:
        if isinstance(item, Span):
            yield item
        else:
            yield Span(" ")
            yield from _gather(item)
            yield Span(" ")


def _settle_figure(opened: _Open) -> tuple[Block, ...]:
    blocks = _as_paragraphs(_settle_flow(opened.items))
    pictures = [block for block in blocks if block.tag == "figure"]
    words = [block for block in blocks if block.tag != "figure"]
    if not pictures or any(block.tag != "p" for block in words):
        return blocks
    caption = " ".join(plain(block.spans).replace(BREAK, " ") for block in words)
    first, *others = pictures
    return (replace(first, spans=(Span(caption),) if caption else ()), *others)


def _settle_pre(opened: _Open) -> tuple[Block, ...]:
    spans = list(_gather(opened))
    if all(("code", "") in span.formats or span.text.isspace() for span in spans):
        spans = [replace(span, formats=span.formats - {("code", "")}) for span in spans]
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].formats == span.formats:
            joined[-1] = Span(joined[-1].text + span.text, span.formats)
        else:
            joined.append(span)
    if not plain(joined).strip():
        return ()
    joined[0] = replace(joined[0], text=joined[0].text.lstrip(BREAK))
    joined[-1] = replace(joined[-1], text=joined[-1].text.rstrip(BREAK))
    return (Block(tag="pre", spans=tuple(span for span in joined if span.text)),)


def _settle_list(opened: _Open) -> tuple[Block, ...]:
    """Give a list whose items are all lines, or all paragraphs where one is; what is in no item becomes one."""
    groups: list[list[_Item]] = []
    is_stray = False
    for item in opened.items:
        if isinstance(item, _Open) and item.tag == "li":
            groups.append(item.items)
            is_stray = False
        elif _says_anything(item):
            if not is_stray:
                groups.append([])
            groups[-1].append(item)
            is_stray = True
    items = [_settle_flow(group) for group in groups]
    parts = [part for item in items for part in item]
    is_loose = len(parts) > 1 and any(part.tag in {"p", "figure"} for part in parts)
    tag = "p" if is_loose else "line"
    settled = tuple(
        Block(tag="li", children=tuple(replace(part, tag=tag) if part.tag in {"p", "line"} else part for part in item))
        for item in items
    )
    return (Block(tag=opened.tag, children=settled),) if parts else ()


def _settle_definitions(opened: _Open) -> tuple[Block, ...]:
    children: list[Block] = []
    for item in opened.items:
        is_part = isinstance(item, _Open) and item.tag in {"dt", "dd"}
        flow = _settle_flow(item.items if isinstance(item, _Open) and is_part else [item])
        if flow:
            children.append(Block(tag=item.tag if isinstance(item, _Open) and is_part else "dd", children=flow))
    return (Block(tag="dl", children=tuple(children)),) if children else ()


def _settle_table(opened: _Open) -> tuple[Block, ...]:
    """Give a table whose rows are equally long; a first row of nothing but headings is its head."""
    head, rows = (list(filter(None, map(_settle_row, each))) for each in _part_rows(opened))
    head = list(filter(_says_something, head))
    while not head and rows and all(cell.tag == "th" for cell in rows[0]):
        head = list(filter(_says_something, [rows.pop(0)]))
    if not any(map(_says_something, (*head, *rows))):
        return ()
    width = max(len(row) for row in (*head, *rows))
    parts = [
        Block(tag=tag, children=tuple(Block(tag="tr", children=_fill(row, width, cell)) for row in each))
        for tag, each, cell in (
            ("thead", [[replace(cell, tag="th") for cell in row] for row in head], "th"),
            ("tbody", rows, "td"),
        )
        if each
    ]
    return (Block(tag="table", children=tuple(parts)),)


def _says_something(row: Sequence[Block]) -> bool:
    return any(cell.spans or cell.children for cell in row)


def _part_rows(opened: _Open) -> tuple[list[_Open], list[_Open]]:
    """Give the rows of the head, and all others; what is in no row becomes one."""
    head: list[_Open] = []
    rows: list[_Open] = []
    for item in opened.items:
        if isinstance(item, _Open) and item.tag in {"thead", "tbody"}:
            (head if item.tag == "thead" else rows).extend(map(_as_row, filter(_says_anything, item.items)))
        elif _says_anything(item):
            rows.append(_as_row(item))
    return head, rows


def _says_anything(item: _Item) -> bool:
    return isinstance(item, _Open) or bool(item.text.strip())


def _as_row(item: _Item) -> _Open:
    return item if isinstance(item, _Open) and item.tag == "tr" else _Open("tr", [_Open("td", [item])])


def _settle_row(row: _Open) -> list[Block]:
    cells = []
    for item in row.items:
        if _says_anything(item):
            cell = item if isinstance(item, _Open) and item.tag in _CELLS else _Open("td", [item])
            flow = _settle_flow(cell.items)
            is_line = len(flow) == 1 and flow[0].tag in {"line", "p"}
            cells.append(Block(tag=cell.tag, spans=flow[0].spans) if is_line else Block(tag=cell.tag, children=flow))
    return cells


def _fill(row: Sequence[Block], width: int, tag: str) -> tuple[Block, ...]:
    return (*row, *(Block(tag=tag) for _ in range(width - len(row))))


_SETTLERS: Mapping[str, Callable[[_Open], tuple[Block, ...]]] = {
    "hr": _settle_rule,
    "img": _settle_picture,
    "figure": _settle_figure,
    "pre": _settle_pre,
    "table": _settle_table,
    "blockquote": _settle_quotation,
    "ul": _settle_list,
    "ol": _settle_list,
    "li": _settle_item,
    "dl": _settle_definitions,
    **dict.fromkeys(HEADINGS, _settle_heading),
}
