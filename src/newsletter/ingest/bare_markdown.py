"""Markdown without front matter: articles by the same rules as a Word file, with a heading for the headline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml import html

from newsletter.domain.article import Article
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.block import Block, BlockKind, read_blocks
from newsletter.ingest.html import MOST_TAGS
from newsletter.ingest.label import LabelKind, read_label
from newsletter.ingest.manuscript import NO_AUTHOR, read_manuscript, settle_title
from newsletter.ingest.markdown import is_picture_file, render_markdown
from newsletter.ingest.sourced import Sourced
from newsletter.ingest.text import is_web_address

_HEADING = re.compile(r"#{1,6}[ \t]+\S")


def is_bare_markdown(text: str) -> bool:
    """Tell whether a text begins with a heading of Markdown."""
    return _HEADING.match(text.lstrip()) is not None


def read_bare_markdown(source: str, text: str) -> Sourced:
    """Read a heading, perhaps a line ``By AUTHOR``, and the text below; raises UnreadableSourceError."""
    try:
        root = html.fragment_fromstring(render_markdown(_part_bylines(text)), create_parent="div")
        if sum(1 for _ in root.iter()) > MOST_TAGS:
            raise UnreadableSourceError(source, None, f"a text of at most {MOST_TAGS} elements")
        blocks = list(settle_title(read_blocks(root)))
        articles = read_manuscript(blocks, find_picture=_find_picture)
    except (ValueError, RecursionError) as error:
        raise UnreadableSourceError(source, None, f"Markdown that can be read ({error})") from error
    if not articles:
        raise UnreadableSourceError(source, 1, "an article: a line “# HEADLINE”, perhaps “By AUTHOR”, and text below")
    return Sourced(articles=articles, remarks=tuple(_list_remarks(blocks, articles)))


def _part_bylines(text: str) -> str:
    """Make a line ``By AUTHOR`` below a heading a paragraph of its own, whatever follows it."""
    lines: list[str] = []
    before = ""
    for line in text.split("\n"):
        label = read_label(" ".join(line.split())) if _HEADING.match(before) else None
        is_byline = label is not None and label.kind is LabelKind.BYLINE
        lines += ["", line, ""] if is_byline else [line]
        before = line if line.strip() else before
    return "\n".join(lines)


def _find_picture(address: str) -> str | None:
    return address if is_web_address(address) or is_picture_file(address) else None


def _list_remarks(blocks: Sequence[Block], articles: Sequence[Article]) -> Iterator[str]:
    if any(not article.authors for article in articles):
        yield NO_AUTHOR
    shown = sum(article.image is not None and article.image.url is not None for article in articles)
    lost = sum(block.kind is BlockKind.PICTURE for block in blocks) - shown
    if lost > 0:
        yield "A picture of the text was left out." if lost == 1 else f"{lost} pictures of the text were left out."
