"""What a reader gets of an HTML letter: its words in order, its links and its pictures, whatever the markup."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import html as parser


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    #: every word in order, one space between them
    text: str
    #: address and wording of each link
    links: tuple[tuple[str, str], ...]
    #: address and alternative text of each image
    images: tuple[tuple[str, str], ...]
    #: level and wording of each heading
    headings: tuple[tuple[str, str], ...]


def read_html(html: str) -> Reading:
    body = parser.document_fromstring(html.encode(), parser=parser.HTMLParser(encoding="utf-8")).body
    return Reading(
        text=_words(body),
        links=tuple((link.get("href"), _words(link)) for link in body.iter("a")),
        images=tuple((image.get("src"), image.get("alt")) for image in body.iter("img")),
        headings=tuple((heading.tag, _words(heading)) for heading in body.iter("h1", "h2", "h3")),
    )


def _words(element: parser.HtmlElement) -> str:
    return " ".join(" ".join(element.xpath(".//text()")).split())
