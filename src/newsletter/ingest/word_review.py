"""What reviewers left in a Word document: comments and tracked changes. They are named, and not printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from newsletter.ingest.text import clean_line
from newsletter.ingest.word_package import WORDS

_W = f"{{{WORDS}}}"
_LONGEST_QUOTE = 160
_MOST_NAMED = 60

_DONE = {"del": "deleted", "ins": "inserted", "moveTo": "moved"}
_AND_NOW = {"del": "it is left out", "ins": "it is kept", "moveTo": "it stands where it was moved to"}


@dataclass(slots=True)
class _Change:
    kind: str
    author: str
    paragraph: Any
    text: str


def settle_changes(root: Any) -> list[str]:  # noqa: ANN401 - lxml has no types
    """Accept every tracked change: what was deleted goes, what was inserted stays. Gives a sentence for each."""
    changes: list[_Change] = []
    for element in root.iter(f"{_W}del", f"{_W}ins", f"{_W}moveTo"):
        text = clean_line("".join(element.itertext(f"{_W}t", f"{_W}delText")))
        kind = element.tag.removeprefix(_W)
        if text and not (kind != "del" and _is_within(element, "del")):
            _note(changes, _Change(kind, element.get(f"{_W}author", ""), _paragraph_of(element), text))
    for kind in ("del", "moveFrom"):
        for element in list(root.iter(f"{_W}{kind}")):
            parent = element.getparent()
            if parent.tag == f"{_W}trPr":
                _drop(parent.getparent())
            elif parent.tag != f"{_W}rPr":
                _drop(element)
    for cell in [mark.getparent().getparent() for mark in root.iter(f"{_W}cellDel")]:
        _drop(cell)
    _join_paragraphs(root)
    return list(_tell(changes))


def list_comments(comments: Any, document: Any) -> list[str]:  # noqa: ANN401 - lxml has no types
    """Give a sentence for each comment: who wrote it, on what, and what it says."""
    marked = _read_marked(document)
    sentences = []
    for comment in comments.iter(f"{_W}comment"):
        text = quote(" ".join("".join(paragraph.itertext(f"{_W}t")) for paragraph in comment.iter(f"{_W}p")))
        on = marked.get(comment.get(f"{_W}id", ""), "")
        where = f" on {quote(on)}" if clean_line(on) else ""
        sentences.append(f"Comment by {_name(comment.get(f'{_W}author', ''))}{where}: {text}.")
    return _cap(sentences, "comments")


def quote(text: str) -> str:
    line = clean_line(text)
    return f"“{line}”" if len(line) <= _LONGEST_QUOTE else f"“{line[: _LONGEST_QUOTE - 1].rstrip()}…”"


def _read_marked(document: Any) -> dict[str, str]:  # noqa: ANN401 - lxml has no types
    """Give the words that each comment is about."""
    marked: dict[str, list[str]] = {}
    is_open: set[str] = set()
    for element in document.iter(f"{_W}commentRangeStart", f"{_W}commentRangeEnd", f"{_W}t", f"{_W}p"):
        name = element.get(f"{_W}id", "")
        if element.tag == f"{_W}commentRangeStart":
            is_open.add(name)
        elif element.tag == f"{_W}commentRangeEnd":
            is_open.discard(name)
        else:
            for open_name in is_open:
                marked.setdefault(open_name, []).append(element.text or "" if element.tag == f"{_W}t" else " ")
    return {name: "".join(words) for name, words in marked.items()}


def _note(changes: list[_Change], change: _Change) -> None:
    """Take a change that goes on with the one before as part of it: Word cuts them at every turn of the pen."""
    last = changes[-1] if changes else None
    if last and (last.kind, last.author, last.paragraph) == (change.kind, change.author, change.paragraph):
        last.text += f" {change.text}"
    else:
        changes.append(change)


def _tell(changes: list[_Change]) -> Iterator[str]:
    sentences = [
        f"{_name(change.author)} {_DONE[change.kind]} {quote(change.text)}; {_AND_NOW[change.kind]}."
        for change in changes
    ]
    yield from _cap(sentences, "tracked changes")


def _cap(sentences: list[str], what: str) -> list[str]:
    rest = len(sentences) - _MOST_NAMED
    return sentences if rest <= 0 else [*sentences[:_MOST_NAMED], f"There are {rest} more {what}."]


def _join_paragraphs(root: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Where the end of a paragraph was deleted, let its words go on in the next one (ECMA-376 part 1, 17.13.5.15)."""
    for mark in list(root.iterfind(f".//{_W}pPr/{_W}rPr/{_W}del")):
        properties = mark.getparent().getparent()
        paragraph = properties.getparent()
        following = paragraph.getnext()
        mark.getparent().remove(mark)
        if following is None or following.tag != f"{_W}p":
            continue
        at = 1 if following.find(f"{_W}pPr") is not None else 0
        for child in reversed([child for child in paragraph if child is not properties]):
            following.insert(at, child)
        _drop(paragraph)


def _paragraph_of(element: Any) -> Any:  # noqa: ANN401 - lxml has no types
    return next(element.iterancestors(f"{_W}p"), None)


def _is_within(element: Any, name: str) -> bool:  # noqa: ANN401 - lxml has no types
    return next(element.iterancestors(f"{_W}{name}"), None) is not None


def _drop(element: Any) -> None:  # noqa: ANN401 - lxml has no types
    if element.getparent() is not None:
        element.getparent().remove(element)


def _name(author: str) -> str:
    return clean_line(author) or "Somebody"
