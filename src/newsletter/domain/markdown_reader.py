"""A body out of the Markdown that an editor wrote. Nothing that was typed is lost: it is read, or refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from newsletter.domain.body import DEEPEST, NOTES, Block, is_followable, write_blocks
from newsletter.domain.html_reader import read_html
from newsletter.domain.markdown_dialect import (
    FORMAT_TAG,
    HTML_BLOCK,
    NOTE_REFERENCE,
    make_dialect,
)
from newsletter.domain.picture import read_picture_path
from newsletter.errors import UnreadableTextError

#: characters; ten times the longest article of any journal
LONGEST = 400_000

_BEFORE_ROW = re.compile(r"[\s>]*")
_SHOWN = 40


def read_markdown(text: str) -> tuple[Block, ...]:
    """Read a whole body; raises UnreadableTextError."""
    if len(text) > LONGEST:
        raise UnreadableTextError(1, f"the text has {len(text):,} characters; at most {LONGEST:,} are taken")
    return _Reader(text, is_whole=True).read()


def read_piece(text: str) -> tuple[Block, ...]:
    """Read a part of a body, whose notes stand elsewhere; raises UnreadableTextError."""
    return _Reader(text, is_whole=False).read()


class _Reader:
    def __init__(self, text: str, *, is_whole: bool) -> None:
        self._lines = text.split("\n")
        self._tokens = make_dialect().parse(f"{text}\n")
        self._is_whole = is_whole
        self._written: list[str] = []
        self._notes: dict[str, str] = {}
        self._numbers: Mapping[str, str] = {}

    def read(self) -> tuple[Block, ...]:
        self._check_depth()
        self._number_notes()
        self._read_blocks()
        if self._notes:
            self._written.append(f"<h2>{NOTES}</h2>")
            self._written += sorted(self._notes.values(), key=_find_number)
        return read_html("".join(self._written)).blocks

    def _check_depth(self) -> None:
        deepest = max(self._tokens, key=lambda token: token.level, default=None)
        if deepest and deepest.level >= DEEPEST:
            raise self._refuse(_line(deepest), "quotations and lists stand too deep within each other")

    def _number_notes(self) -> None:
        """Give notes numbers in the order of the text, unless they have such numbers already."""
        referred: dict[str, int] = {}
        told: dict[str, int] = {}
        for token in self._tokens:
            if token.type == "note_open":
                label, line = token.meta["label"], _line(token)
                if label in told:
                    raise self._refuse(line, f"the note [^{label}] has a text already, in line {told[label]}")
                told[label] = line
            for child, line in _place(token):
                if child.type == NOTE_REFERENCE:
                    referred.setdefault(child.meta["label"], line)
        if self._is_whole and (lost := next((label for label in referred if label not in told), None)):
            raise self._refuse(
                referred[lost], f"the note [^{lost}] has no text; write it below, in a line that begins [^{lost}]:"
            )
        order = [*referred, *(label for label in told if label not in referred)]
        if not self._is_whole or (_ascend(list(referred)) and all(label.isdecimal() for label in told)):
            self._numbers = {label: label for label in order}
        else:
            self._numbers = {label: str(number) for number, label in enumerate(order, start=1)}

    def _read_blocks(self) -> None:
        note = ""
        for token in self._tokens:
            match token.type:
                case "inline":
                    words = self._read_inline(token)
                    if note:
                        self._notes[note] = f"<p>[{self._numbers[note]}] {words}</p>"
                    else:
                        self._written.append(words)
                case "note_open":
                    note = token.meta["label"]
                case "note_close":
                    note = ""
                case "fence":
                    self._written.append(self._read_fence(token))
                case "hr":
                    self._written.append("<hr>")
                case _:
                    self._check_block(token)
                    if not token.hidden:
                        self._written.append(f"<{'/' if token.nesting < 0 else ''}{token.tag}>")

    def _check_block(self, token: Token) -> None:
        if token.type == "ordered_list_open" and "start" in token.attrs:
            start = token.attrs["start"]
            raise self._refuse(
                _line(token), f"a numbered list begins with 1; where {start} begins a sentence, write {start}\\."
            )
        if token.type == "tr_open" and token.map:
            row, head = self._count_cells(token.map[0]), self._find_head(token)
            if row > head:
                raise self._refuse(_line(token), f"the row has {row} cells, and the table’s first row has {head}")

    def _find_head(self, row: Token) -> int:
        at = next(at for at, token in enumerate(self._tokens) if token is row)
        table = next(token for token in reversed(self._tokens[:at]) if token.type == "table_open")
        return self._count_cells(table.map[0] if table.map else 0)

    def _count_cells(self, line: int) -> int:
        cells = escapedSplit(_BEFORE_ROW.sub("", self._lines[line], count=1).strip())
        return len(cells) - (cells[0] == "") - (len(cells) > 1 and cells[-1] == "")

    def _read_fence(self, token: Token) -> str:
        first, end = token.map or (0, 0)
        if end - first != token.content.count("\n") + 2:
            raise self._refuse(_line(token), f"what {token.markup} begins has no end; write {token.markup} below it")
        info = token.info.strip()
        if not info:
            return f"<pre>{escape(token.content, quote=False)}</pre>"
        if info != HTML_BLOCK:
            raise self._refuse(_line(token), f"nothing may stand behind {token.markup}")
        read = read_html(token.content)
        if read.strange:
            raise self._refuse(_line(token), f"a block of HTML may not hold {read.strange[0]}")
        return write_blocks(read.blocks)

    def _read_inline(self, token: Token) -> str:
        children = list(_place(token))
        pictures = [(child, line) for child, line in children if child.type == "image"]
        if pictures:
            if len(children) > 1:
                raise self._refuse(
                    pictures[0][1], "a picture stands alone; leave a blank line before it and one behind it"
                )
            return self._read_picture(*pictures[0])
        return "".join(self._read_words(children))

    def _read_words(self, children: Sequence[tuple[Token, int]]) -> Iterator[str]:
        opened: list[tuple[str, int]] = []
        for child, line in children:
            match child.type:
                case "softbreak":
                    yield " "
                case "hardbreak":
                    yield "<br>"
                case "code_inline":
                    yield f"<code>{escape(child.content, quote=False)}</code>"
                case kind if kind == NOTE_REFERENCE:
                    yield f"<sup>[{escape(self._numbers[child.meta['label']], quote=False)}]</sup>"
                case kind if kind == FORMAT_TAG:
                    yield self._settle_tag(child, opened, line, closes=child.meta["closes"])
                case _ if child.nesting:
                    yield self._settle_tag(child, opened, line, closes=child.nesting < 0)
                case _:
                    yield escape(child.content, quote=False)
        if opened:
            tag, line = opened[-1]
            raise self._refuse(line, f"<{tag}> has no end; write </{tag}> behind the words, or \\<{tag}> for the sign")

    def _settle_tag(self, token: Token, opened: list[tuple[str, int]], line: int, *, closes: bool) -> str:
        if closes:
            if not opened or opened[-1][0] != token.tag:
                raise self._refuse(line, f"</{token.tag}> ends what does not begin within the same marks")
            opened.pop()
            return f"</{token.tag}>"
        opened.append((token.tag, line))
        if token.tag != "a":
            return f"<{token.tag}>"
        address = str(token.attrs.get("href", ""))
        if not is_followable(address):
            raise self._refuse(
                line, f"a link leads to an address that begins with https://, http:// or mailto:, not to {address!r}"
            )
        if token.attrs.get("title"):
            raise self._refuse(line, "a link has an address alone; leave out what stands in quotes behind it")
        return f'<a href="{escape(address)}">'

    def _read_picture(self, token: Token, line: int) -> str:
        path = str(token.attrs.get("src", ""))
        if read_picture_path(path) is None:
            raise self._refuse(
                line, f"a picture in the text is stored here first, and begins with /images/, not {path!r}"
            )
        alt = escape("".join(child.content for child in token.children or ()))
        caption = escape(str(token.attrs.get("title", "")), quote=False)
        return f'<figure><img src="{path}" alt="{alt}"><figcaption>{caption}</figcaption></figure>'

    def _refuse(self, line: int, what: str) -> UnreadableTextError:
        shown = self._lines[line - 1].strip() if line <= len(self._lines) else ""
        quoted = f" (“{shown[:_SHOWN]}{'…' if len(shown) > _SHOWN else ''}”)" if shown else ""
        return UnreadableTextError(line, f"{what}{quoted}")


def _line(token: Token) -> int:
    return (token.map[0] if token.map else 0) + 1


def _place(token: Token) -> Iterator[tuple[Token, int]]:
    """Give what stands in a paragraph, each with its line."""
    line = _line(token)
    for child in token.children or ():
        if child.type == "text" and not child.content:
            continue
        yield child, line
        line += child.type in {"softbreak", "hardbreak"} and not child.markup.startswith("<")


def _find_number(note: str) -> int:
    found = re.match(r"<p>\[(\d+)\]", note)
    return int(found[1]) if found else 0


def _ascend(labels: Sequence[str]) -> bool:
    if not all(label.isdecimal() and label.isascii() for label in labels):
        return False
    numbers = list(map(int, labels))
    return numbers == sorted(set(numbers))
