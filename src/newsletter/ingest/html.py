"""HTML from outside: cleaned to an allowlist, and read into sections of plain paragraphs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import nh3

from newsletter.domain.article import Section
from newsletter.domain.outline import read_sections
from newsletter.ingest.text import clean_text

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | {"blockquote", "dd", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "table", "tr", "ul"}
_SPACERS = frozenset({"br", "td", "th"})
_INLINE = frozenset({"a", "b", "code", "em", "i", "s", "strong", "sub", "sup"})
_TABLE_PARTS = frozenset({"tbody", "thead"})

# No img: a picture from elsewhere tells its owner who reads. An article's own image is a field of it.
_ALLOWED = (_BLOCKS - {"div"}) | _SPACERS | _INLINE | _TABLE_PARTS
_DROPPED_WITH_CONTENT = {
    "iframe",
    "math",
    "noscript",
    "object",
    "script",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
}
_FIRST_PARAGRAPH = re.compile(r"\s*<p>.*?</p>\s*", re.DOTALL)

#: The cleaner's time grows with the square of the depth; an article has a few hundred tags.
MOST_TAGS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    sections: tuple[Section, ...]
    html: str


def clean_html(html: str, *, base: str | None = None) -> str:
    """Keep only the allowlist's tags, absolute http, https and mailto links, and text as ``clean_text`` leaves it.

    Relative links are resolved against ``base``, or lose their address. Raises ValueError above MOST_TAGS tags.
    """
    if html.count("<") > MOST_TAGS:
        raise ValueError(f"at most {MOST_TAGS} tags")
    cleaned = nh3.clean(
        html,
        tags=set(_ALLOWED),
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        url_relative=("rewrite_with_base", base) if base else "deny",
        link_rel="noopener noreferrer nofollow",
    )
    return clean_text(cleaned.replace("&nbsp;", " ")).strip()


def read_body(html: str, *, base: str | None = None) -> Body:
    """Clean ``html`` and read its sections: one for each heading, and one without a name for text above the first."""
    cleaned = clean_html(html, base=base)
    return Body(sections=read_sections(cleaned), html=cleaned)


def read_plain(html: str) -> str:
    """Give the words of ``html``, paragraphs parted by a blank line."""
    sections = read_body(html).sections
    return "\n\n".join(part for section in sections for part in (section.name, *section.paragraphs) if part)


def take_lead(body: Body) -> tuple[str, Body]:
    """Part the first paragraph, where it stands above any heading, from the rest; it serves as the standfirst."""
    if not body.sections or body.sections[0].name or not (lead := _FIRST_PARAGRAPH.match(body.html)):
        return "", body
    first, *others = body.sections
    remaining = replace(first, paragraphs=first.paragraphs[1:])
    sections = (remaining, *others) if remaining.paragraphs else tuple(others)
    return first.paragraphs[0], Body(sections=sections, html=body.html[lead.end() :])
