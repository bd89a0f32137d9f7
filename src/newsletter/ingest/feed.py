"""RSS and Atom feeds: one article an entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from io import BytesIO
from typing import Any

import feedparser
from lxml import etree

from newsletter.domain.article import Article, Image, provisional_headline
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.html import Body, read_body, read_plain, take_lead
from newsletter.ingest.text import clean_line, is_web_address, split_names

_Entry = Mapping[str, Any]

_MEDIA = ("{http://search.yahoo.com/mrss/}", "{http://search.yahoo.com/mrss}")


def read_feed(source: str, data: bytes) -> tuple[Article, ...]:
    """Read every entry, in the feed's order; raises UnreadableSourceError.

    An entry needs words, in its summary or its content. One without a usable date, link or author is still read.
    """
    root = _parse_xml(source, data)
    _settle_media(root)
    # nh3 cleans what is read from here, and resolves links in it; feedparser's own, older cleaner stays off.
    feed = feedparser.parse(BytesIO(etree.tostring(root)), sanitize_html=False, resolve_relative_uris=False)
    if feed.bozo:
        raise UnreadableSourceError(source, 1, "a feed without entities of its own")
    if not feed.version:
        raise UnreadableSourceError(source, 1, "an RSS or Atom feed")
    feed_authors = _read_authors(feed.feed)
    return tuple(
        _read_entry(source, number, entry, feed_authors=feed_authors)
        for number, entry in enumerate(feed.entries, start=1)
    )


def _parse_xml(source: str, data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
    """Refuse what is not well formed: feedparser would guess, and half an article would replace a whole one."""
    try:
        return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        why = " ".join(error.msg.split())  # libxml2 breaks lines in some of its sentences
        raise UnreadableSourceError(source, error.lineno or 1, f"well-formed XML ({why})") from error


def _settle_media(root: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Hang what is said about a picture on the picture itself.

    feedparser takes media:description and media:title for the entry's own, and mixes the credits of several pictures.
    """
    for space in _MEDIA:
        for name in ("credit", "license", "title", "description"):
            for element in list(root.iter(f"{space}{name}")):
                parent = element.getparent()
                if parent is None:
                    continue
                if parent.tag == f"{space}content":
                    parent.set(f"said-{name}", element.text or "")
                parent.remove(element)


def _read_entry(source: str, number: int, entry: _Entry, *, feed_authors: tuple[str, ...]) -> Article:
    url = clean_line(entry.get("link", ""))
    base = url if is_web_address(url) else None
    try:
        headline = " ".join(read_plain(_markup(entry.get("title_detail"))).split())
        summary = _markup(entry.get("summary_detail"))
        content = next((_markup(part) for part in entry.get("content", ())), "") or summary
        body = read_body(content, base=base)
        standfirst = read_plain(summary) if content != summary else ""
    except ValueError as error:
        raise UnreadableSourceError(source, None, f"{error} in entry {number}") from error
    if not standfirst:
        standfirst, body = _take_standfirst(body)
    if not standfirst:
        raise UnreadableSourceError(
            source, None, f"a summary or content in entry {number} (“{headline or 'untitled'}”)"
        )
    return Article(
        headline=headline or provisional_headline(standfirst),
        needs_headline=not headline,
        authors=_read_authors(entry) or feed_authors,
        standfirst=standfirst,
        sections=body.sections,
        body_html=body.html or None,
        image=_read_image(entry),
        url=base,
        published_at=_read_date(entry),
        tags=tuple(dict.fromkeys(term for tag in entry.get("tags", ()) if (term := clean_line(tag.get("term") or "")))),
    )


def _take_standfirst(body: Body) -> tuple[str, Body]:
    """Take the lead; where a heading or a list opens the text, repeat its first paragraph instead."""
    standfirst, rest = take_lead(body)
    if standfirst or not body.sections:
        return standfirst, rest
    only = body.sections[0].paragraphs
    if len(body.sections) == len(only) == 1:
        return only[0], Body(sections=(), html="")
    return only[0], body


def _markup(detail: _Entry | None) -> str:
    """Give a text construct as HTML."""
    if not detail:
        return ""
    value = str(detail.get("value", ""))
    if detail.get("type") != "text/plain" or "<" in value:
        return value
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in value.split("\n\n"))


def _read_authors(entry: _Entry) -> tuple[str, ...]:
    names = (clean_line(author.get("name") or "") for author in entry.get("authors", ()))
    parts = (name for line in names if "@" not in line for name in split_names(line))
    return tuple(dict.fromkeys(parts))


def _read_date(entry: _Entry) -> datetime | None:
    # Asked with "in": feedparser's get() warns where it would lend one date to the other.
    name = next((name for name in ("published_parsed", "updated_parsed") if name in entry), None)
    if name is None or entry[name] is None:
        return None
    year, month, day, hour, minute, second, *_ = entry[name]
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _read_image(entry: _Entry) -> Image | None:
    """Take media:content, an enclosure or media:thumbnail, whichever comes first in this order."""
    media = (
        *(item for item in entry.get("media_content", ()) if _is_picture(item)),
        *(item for item in entry.get("enclosures", ()) if _is_picture(item)),
        *entry.get("media_thumbnail", ()),
    )
    for item in media:
        url = clean_line(item.get("url") or item.get("href") or "")
        if is_web_address(url):
            said = {name: clean_line(item.get(f"said-{name}") or "") for name in ("description", "credit", "license")}
            return Image(url=url, alt=said["description"], author=said["credit"], licence=said["license"])
    return None


def _is_picture(item: _Entry) -> bool:
    return item.get("medium") == "image" or str(item.get("type", "")).startswith("image/")
