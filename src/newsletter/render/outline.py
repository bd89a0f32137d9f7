"""What a reader gets of rendered HTML, whatever its markup: the words in order, the links and the pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import html as parser


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    url: str
    #: its words, or the text in place of the picture that it stands around
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    #: every word in order, one space between them
    words: str
    links: tuple[Link, ...]
    #: addresses of the pictures
    images: tuple[str, ...]


def read_outline(html: str) -> Outline:
    """Read a whole page of HTML. A link without an address is none."""
    body = parser.document_fromstring(
        html.encode(), parser=parser.HTMLParser(encoding="utf-8", remove_comments=True)
    ).body
    return Outline(
        words=_join(body.itertext()),
        links=tuple(Link(url=link.get("href"), name=_name(link)) for link in body.iter("a") if link.get("href")),
        images=tuple(image.get("src") or "" for image in body.iter("img")),
    )


def _name(link: parser.HtmlElement) -> str:
    alternatives = (image.get("alt") or "" for image in link.iter("img"))
    return link.get("aria-label") or _join((*link.itertext(), *alternatives))


def _join(texts: Iterable[str]) -> str:
    return " ".join(" ".join(texts).split())
