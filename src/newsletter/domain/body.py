"""The body of an article: blocks, and the HTML that is put together from nothing but them.

Whatever it was read from, what is written has only the tags named here, addresses of links that may be followed, and
pictures that the site serves itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import urlsplit

from newsletter.domain.picture import Picture
from newsletter.domain.running_text import (
    BREAK,
    Span,
    replace_words,
    write_html,
)

#: The heading above the notes at the end of a body.
NOTES = "Notes"

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SCHEMES = frozenset({"http", "https", "mailto"})

#: Nothing that people write nests as deep. What lies deeper keeps its words and loses its nesting.
DEEPEST = 30

_PICTURE = re.compile(r'<img src="(?P<path>[^"]*)" alt="(?P<alt>[^"]*)"(?: width="\d+" height="\d+")?>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of the body that stands below the one before it.

    A ``line`` is running text of a list item or the like that is no paragraph of its own; the ``spans`` of a ``figure``
    are the words below it. ``table`` holds ``thead`` and ``tbody``, these ``tr``, these ``th`` and ``td``.
    """

    tag: str
    spans: tuple[Span, ...] = ()
    children: tuple[Block, ...] = ()
    #: of a figure: path of the picture, and what it shows
    path: str = ""
    alt: str = ""


def write_blocks(blocks: Sequence[Block]) -> str:
    return "\n".join(map(_write, blocks))


def replace_in_blocks(blocks: Iterable[Block], words: str, instead: str) -> tuple[Block, ...]:
    """Put other words wherever these stand in a text or describe a picture."""
    return tuple(
        replace(
            block,
            spans=replace_words(block.spans, words, instead),
            alt=block.alt.replace(words, instead),
            children=replace_in_blocks(block.children, words, instead),
        )
        for block in blocks
    )


def is_followable(address: str) -> bool:
    """Tell whether a link in a body may lead there."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and len(address) > len(parts.scheme) + 1 and address.isprintable()


def list_pictures(html: str) -> tuple[str, ...]:
    """Give the paths of the pictures in a body."""
    return tuple(dict.fromkeys(found["path"] for found in _PICTURE.finditer(html)))


def size_pictures(html: str, pictures: Mapping[str, Picture]) -> str:
    """Say how large each picture is that is known, by its path, so that a page does not move while it loads."""

    def size(found: re.Match[str]) -> str:
        picture = pictures.get(found["path"])
        if picture is None:
            return found[0]
        return f'<img src="{found["path"]}" alt="{found["alt"]}" width="{picture.width}" height="{picture.height}">'

    return _PICTURE.sub(size, html)


def _write(block: Block) -> str:
    words = write_html(block.spans)
    match block.tag:
        case "hr":
            return "<hr>"
        case "line":
            return words
        case "figure":
            picture = f'<img src="{block.path}" alt="{escape(block.alt)}">'
            caption = f"<figcaption>{words}</figcaption>"
            return f"<figure>{picture}{caption}</figure>" if words else f"<p>{picture}</p>"
        case "pre":
            return f"<pre>{words.replace('<br>', BREAK)}</pre>"
        case tag:
            return f"<{tag}>{words}{''.join(map(_write, block.children))}</{tag}>"
