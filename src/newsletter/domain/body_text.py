"""An article's body as text: what an editor changes, what is compared, and what a source proposes."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.domain.article import Section
from newsletter.domain.body import Block, write_blocks
from newsletter.domain.html_reader import read_html
from newsletter.domain.markdown_reader import read_markdown
from newsletter.domain.markdown_writer import write_markdown
from newsletter.domain.outline import read_sections
from newsletter.domain.running_text import Span, tidy


def write_body(sections: Sequence[Section], html: str | None) -> str:
    """Give the body in Markdown: of its HTML, or of its sections where its source had no markup."""
    return write_markdown(read_html(html).blocks if html else tuple(_list_blocks(sections)))


def read_body(text: str) -> tuple[tuple[Section, ...], str | None]:
    """Give the sections and the HTML of a body in Markdown; raises UnreadableTextError."""
    html = write_blocks(read_markdown(text))
    return read_sections(html), html or None


def tidy_body(text: str) -> str:
    """Give a body in Markdown in the one form that equal bodies have; raises UnreadableTextError."""
    return write_body(*read_body(text))


def _list_blocks(sections: Sequence[Section]) -> list[Block]:
    texts = [
        (tag, text)
        for part in sections
        for tag, text in (("h2", part.name), *(("p", each) for each in part.paragraphs))
    ]
    return [Block(tag=tag, spans=spans) for tag, text in texts if (spans := tidy([Span(" ".join(text.split()))]))]
