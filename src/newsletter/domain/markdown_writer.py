"""A body as the Markdown that editors change, so that reading it gives the same body again.

It is written in the way that reads best, and read back at once; a block that does not come back as it was has no
Markdown form, and stands as HTML.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from newsletter.domain.body import HEADINGS, NOTES, Block, write_blocks
from newsletter.domain.markdown_dialect import HTML_BLOCK
from newsletter.domain.markdown_reader import read_markdown, read_piece
from newsletter.domain.running_text import BREAK, LINK, Apart, Nested, Span, nest, plain, tidy
from newsletter.errors import UnreadableTextError

_SUP = frozenset({("sup", "")})
_REFERENCE = re.compile(r"\[(\d{1,9})\]")
_NOTE = re.compile(r"\[(\d{1,9})\] (?=\S)")

# What would be read as a sign at the beginning of a line.
_LINE_STARTS = (
    (re.compile(r"^(#{1,6})(?=\s|$)"), r"\\\1"),
    (re.compile(r"^([>+-])"), r"\\\1"),
    (re.compile(r"^(\d{1,9})([.)])(?=\s|$)"), r"\1\\\2"),
    (re.compile(r"^([|:])"), r"\\\1"),
)
_CLOSING_SIGNS = re.compile(r"(?:(?<=\s)|^)(#+)$")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_FEWEST_TICKS = 3


def write_markdown(blocks: Sequence[Block]) -> str:
    """Write a body; ``read_markdown`` gives the same blocks again."""
    for text in _list_ways(blocks):
        if _is_read_as(text, blocks, read=read_markdown):
            return text
    return _write_as_html(blocks)


def add_picture(text: str, path: str, *, alt: str, credit: str) -> str:
    """Give a body in Markdown with one more picture, behind all that it has."""
    caption = " ".join(credit.split())
    figure = Block(tag="figure", path=path, alt=" ".join(alt.split()), spans=(Span(caption),) if caption else ())
    return f"{text.rstrip()}\n\n{_Pen().write_block(figure)}".lstrip()


def _is_read_as(text: str, blocks: Sequence[Block], *, read: Callable[[str], tuple[Block, ...]]) -> bool:
    try:
        return read(text) == tuple(blocks)
    except UnreadableTextError:
        return False


def _part_notes(blocks: Sequence[Block]) -> tuple[Sequence[Block], tuple[tuple[str, Block], ...]]:
    """Part the notes at the end, each with its number; none where one has no text or stands in no order."""
    at = next((at for at in reversed(range(len(blocks))) if _is_notes_heading(blocks[at])), len(blocks))
    notes = []
    for block in blocks[at + 1 :]:
        found = _NOTE.match(block.spans[0].text) if block.tag == "p" and not block.spans[0].formats else None
        if found is None:
            return blocks, ()
        first = replace(block.spans[0], text=block.spans[0].text[found.end() :])
        notes.append((found[1], replace(block, spans=tidy([first, *block.spans[1:]]))))
    return (blocks[:at], tuple(notes)) if notes else (blocks, ())


def _is_notes_heading(block: Block) -> bool:
    return block.tag == "h2" and block.spans == (Span(NOTES),)


def _list_ways(blocks: Sequence[Block]) -> Iterator[str]:
    """Write a body in the way that reads best, then in those that are surer: the first one nearly always does."""
    body, notes = _part_notes(blocks)
    yield _join(body, notes, _write_well)
    yield _join(body, notes, _write_surely)
    if notes:
        yield _join(blocks, (), _write_surely)


def _join(blocks: Sequence[Block], notes: Sequence[tuple[str, Block]], write: _Write) -> str:
    numbers = frozenset(number for number, _ in notes)
    written = []
    is_other = False  # than the list right before it, which it would join
    for before, block in zip([None, *blocks], blocks, strict=False):
        is_other = before is not None and before.tag == block.tag and not is_other
        written.append(write(block, _Pen(numbers=numbers), is_other))
    written += [f"[^{number}]: {_Pen(numbers=numbers).write_lines(note.spans)}" for number, note in notes]
    return "\n\n".join(written)


def _write_well(block: Block, pen: _Pen, is_other: bool) -> str:  # noqa: FBT001 - a callable's parameters have no names
    return pen.write_block(block, is_other=is_other)


def _write_surely(block: Block, pen: _Pen, is_other: bool) -> str:  # noqa: FBT001 - as above
    text = pen.write_block(block, is_other=is_other)
    return text if _is_read_as(text, [block], read=read_piece) else _write_as_html([block])


def _write_as_html(blocks: Sequence[Block]) -> str:
    return _fence(write_blocks(blocks), HTML_BLOCK)


def _fence(text: str, info: str = "") -> str:
    longest = max((len(ticks) for ticks in re.findall("`+", text)), default=0)
    ticks = "`" * max(_FEWEST_TICKS, longest + 1)
    return f"{ticks}{info}\n{text}\n{ticks}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pen:
    """Writes blocks; ``numbers`` are those of the notes that it may refer to."""

    numbers: frozenset[str] = frozenset()

    def write_block(self, block: Block, *, is_other: bool = False) -> str:
        match block.tag:
            case "p" | "line":
                text = self.write_lines(block.spans)
            case "hr":
                text = "---"
            case "pre":
                text = _fence(plain(block.spans))
            case "figure":
                text = f"![{_escape_all(block.alt)}]({block.path}{_write_title(plain(block.spans))})"
            case "blockquote":
                text = _indent("\n\n".join(self._write_children(block)), "> ", "> ")
            case "ul" | "ol":
                text = self._write_list(block, is_other=is_other)
            case "table":
                text = self._write_table(block)
            case tag if tag in HEADINGS:
                text = "#" * int(tag[1]) + " " + _CLOSING_SIGNS.sub(r"\\\1", self._write_line(block.spans))
            case _:
                text = _write_as_html([block])
        return text

    def write_lines(self, spans: Sequence[Span]) -> str:
        lines = self._write_words(nest(spans)).split(BREAK)
        return "\\\n".join(map(_escape_start, lines))

    def _write_line(self, spans: Sequence[Span]) -> str:
        return self._write_words(nest(spans)).replace(BREAK, "<br>")

    def _write_children(self, block: Block) -> Iterator[str]:
        is_other = False
        for before, child in zip([None, *block.children], block.children, strict=False):
            is_other = before is not None and before.tag == child.tag and not is_other
            yield self.write_block(child, is_other=is_other)

    def _write_list(self, block: Block, *, is_other: bool) -> str:
        is_loose = any(child.tag in {"p", "figure"} for item in block.children for child in item.children)
        gap = "\n\n" if is_loose else "\n"
        items = []
        for number, item in enumerate(block.children, start=1):
            sign = ("* " if is_other else "- ") if block.tag == "ul" else f"{number}{')' if is_other else '.'} "
            text = gap.join(self._write_children(item))
            items.append(_indent(text, sign, " " * len(sign)))
        return gap.join(items)

    def _write_table(self, block: Block) -> str:
        rows = [(part.tag, row) for part in block.children for row in part.children]
        width = len(rows[0][1].children)
        if [tag for tag, _ in rows].count("thead") == 0:
            rows.insert(0, ("thead", Block(tag="tr", children=tuple(Block(tag="th") for _ in range(width)))))
        lines = [self._write_row(row) for _, row in rows]
        lines.insert(1, "|" + " --- |" * width)
        return "\n".join(lines)

    def _write_row(self, row: Block) -> str:
        cells = (self._write_line(cell.spans).replace("|", "\\|") for cell in row.children)
        return "|" + "".join(f" {cell} |" for cell in cells)

    def _write_words(self, nodes: Sequence[Nested], *, before: str = "", after: str = "", in_link: bool = False) -> str:
        """Write running text that stands between the characters ``before`` and ``after``."""
        written = ""
        for at, node in enumerate(nodes):
            left = written[-1:] or before
            if isinstance(node, str):
                written += _escape(node, in_link=in_link)
            else:
                right = _first(nodes[at + 1]) if at + 1 < len(nodes) else after
                written += self._write_apart(node, left, right, in_link=in_link)
        return written

    def _write_apart(self, node: Apart, left: str, right: str, *, in_link: bool) -> str:
        tag, address = node.format
        if tag == LINK:
            words = self._write_words(node.inside, before="[", after="]", in_link=True)
            return f"[{words}]({_write_address(address)})"
        text = node.inside[0] if len(node.inside) == 1 and isinstance(node.inside[0], str) else ""
        if tag == "sup" and (found := _REFERENCE.fullmatch(text)) and found[1] in self.numbers:
            return f"[^{found[1]}]"
        if tag == "code" and text and BREAK not in text and left != "`" and right != "`":
            return _write_code(text)
        signs = {"em": ("*", "_"), "strong": ("**", "__"), "s": ("~~",)}.get(tag, ())
        for sign in signs:
            words = self._write_words(node.inside, before=sign[0], after=sign[0], in_link=in_link)
            if _can_stand(sign, words, left, right):
                return f"{sign}{words}{sign}"
        words = self._write_words(node.inside, before=">", after="<", in_link=in_link)
        return f"<{tag}>{words}</{tag}>"


def _escape(text: str, *, in_link: bool) -> str:
    text = re.sub(r"([\\`]|(?<!\s)\*|\*(?!\s))", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    text = re.sub(r"~(?=~)|(?<=~)~", r"\\~", text)
    text = re.sub(r"<(?=[A-Za-z/])", r"\\<", text)
    text = re.sub(r"([\[\]]|^\^)" if in_link else r"(\[(?=\^)|\](?=\())", r"\\\1", text)
    return re.sub(r"!(?=\[|$)", r"\\!", text)


_Write: TypeAlias = Callable[[Block, _Pen, bool], str]


def _escape_all(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>!~#&])", r"\\\1", text)


def _escape_start(line: str) -> str:
    for sign, escaped in _LINE_STARTS:
        line = sign.sub(escaped, line, count=1)
    return line


def _indent(text: str, first: str, others: str) -> str:
    signs = (first if at == 0 else others for at in range(text.count("\n") + 1))
    return "\n".join(sign + line if line else sign.rstrip() for sign, line in zip(signs, text.split("\n"), strict=True))


def _first(node: Nested) -> str:
    """Give the first character of what comes next, or of the sign that it begins with."""
    if isinstance(node, str):
        return node[:1]
    return {LINK: "[", "code": "`", "em": "*", "strong": "*", "s": "~"}.get(node.format[0], "<")


def _can_stand(sign: str, words: str, left: str, right: str) -> bool:
    """Tell whether a sign around these words is read as one: it may not touch spaces, its like, or look intraword."""
    if not words or words[0].isspace() or words[-1].isspace() or sign[0] in {left, right, words[0], words[-1]}:
        return False
    if sign[0] == "_" and (_is_word(left) or _is_word(right)):
        return False
    return (_is_word(words[0]) or not _is_word(left)) and (_is_word(words[-1]) or not _is_word(right))


def _is_word(character: str) -> bool:
    return bool(character) and not character.isspace() and unicodedata.category(character)[0] not in "PS"


def _write_code(text: str) -> str:
    longest = max((len(ticks) for ticks in re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1)
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def _write_address(address: str) -> str:
    escaped = _ENTITY.sub(r"\\&", address.replace("\\", "\\\\"))
    return "<" + re.sub(r"([<>])", r"\\\1", escaped) + ">" if re.search(r"[\s()<>]", address) else escaped


def _write_title(caption: str) -> str:
    escaped = _ENTITY.sub(r"\\&", re.sub(r'([\\"])', r"\\\1", caption))
    return f' "{escaped}"' if escaped else ""
