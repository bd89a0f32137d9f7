"""HTML files and pages: one article, by what the page says of itself and by the same rules as a Word file."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urljoin

from lxml import etree, html

from newsletter.domain.article import Article, Image
from newsletter.domain.picture import Picture
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.block import read_blocks
from newsletter.ingest.html import MOST_TAGS
from newsletter.ingest.manuscript import read_manuscript, settle_title
from newsletter.ingest.picture import ReadPicture, read_picture
from newsletter.ingest.sourced import Sourced
from newsletter.ingest.text import clean_line, is_web_address, read_moment, split_names

_MAIN = ("//article", "//main", "//*[@role='main']", "//body")
_AUTHORS = ("author", "article:author", "dc.creator", "citation_author", "parsely-author")
_DATES = ("article:published_time", "date", "dc.date", "datepublished", "citation_publication_date")
_STATED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_OLD_ENCODING = "windows-1252"  # the WHATWG encoding standard: what undeclared pages of the west are in
_DATA = re.compile(r"data:image/[\w.+-]+(?P<base64>;base64)?,(?P<content>.*)", re.DOTALL)


def read_web_page(source: str, data: bytes) -> Sourced:
    """Read the page's main text; raises UnreadableSourceError. Menus, forms and footers are passed over."""
    root = _parse(source, data)
    facts = _read_facts(root)
    url = _read_url(root, facts, source)
    base = url or (source if is_web_address(source) else None)
    main = next((found[0] for path in _MAIN if (found := root.xpath(path))), root)
    pictures = _Pictures(base)
    try:
        if len(list(main.iter())) > MOST_TAGS:
            raise UnreadableSourceError(source, None, f"a page of at most {MOST_TAGS} elements")
        blocks = list(settle_title(read_blocks(main, base=base)))
        articles = read_manuscript(blocks, find_picture=pictures.find)
    except (ValueError, RecursionError) as error:
        raise UnreadableSourceError(source, None, f"a page that can be read ({error})") from error
    if not articles:
        raise UnreadableSourceError(source, None, "a page with the words of an article")
    if len(articles) == 1:
        articles = (_complete(articles[0], facts, url),)
    lost = len({block.picture for block in blocks if block.picture} - set(pictures.found))
    remarks = [f"{lost} pictures of the page were left out."] if lost > 1 else []
    remarks += ["A picture of the page was left out."] if lost == 1 else []
    return Sourced(articles=articles, pictures=tuple(pictures.kept), remarks=tuple(remarks))


def _parse(source: str, data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
    if b"\0" in data:
        raise UnreadableSourceError(source, None, "HTML, and not a binary file")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        data.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        stated = _STATED.search(data[:4096])
        encoding = _know_encoding(stated[1].decode("ascii")) if stated else _OLD_ENCODING
    try:
        return html.document_fromstring(data, parser=html.HTMLParser(encoding=encoding, remove_comments=True))
    except (etree.ParserError, etree.XMLSyntaxError, LookupError) as error:
        raise UnreadableSourceError(source, 1, "HTML with words in it") from error


def _know_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return _OLD_ENCODING


def _read_facts(root: Any) -> dict[str, list[str]]:  # noqa: ANN401 - lxml has no types
    facts: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if name and (content := clean_line(meta.get("content") or "")):
            facts.setdefault(name, []).append(content)
    return facts


def _read_url(root: Any, facts: dict[str, list[str]], source: str) -> str | None:  # noqa: ANN401 - lxml has no types
    canonical = [link.get("href") or "" for link in root.iter("link") if "canonical" in (link.get("rel") or "").split()]
    candidates = [*canonical, *facts.get("og:url", []), source]
    addresses = (urljoin(source, address) if "://" in source else address for address in map(clean_line, candidates))
    return next((address for address in addresses if is_web_address(address)), None)


def _complete(article: Article, facts: dict[str, list[str]], url: str | None) -> Article:
    """Take from what the page states about itself what its text does not say."""
    headline = article.headline
    titles = facts.get("og:title", []) if article.needs_headline else []
    names = [name for key in _AUTHORS for line in facts.get(key, []) for name in split_names(line)]
    authors = article.authors or tuple(dict.fromkeys(name for name in names if "@" not in name and "/" not in name))
    pictures = [address for address in facts.get("og:image", []) if is_web_address(address)]
    return replace(
        article,
        image=article.image or (Image(url=pictures[0]) if pictures else None),
        headline=titles[0] if titles else headline,
        needs_headline=article.needs_headline and not titles,
        authors=authors,
        url=url,
        published_at=next((moment for key in _DATES for text in facts.get(key, []) if (moment := _date(text))), None),
        tags=tuple(dict.fromkeys(facts.get("article:tag", []))),
    )


def _date(text: str) -> datetime | None:
    try:
        return read_moment(text)
    except ValueError:
        return None


class _Pictures:
    """Pictures of a page: those within it are kept, that at an address can be the article's own."""

    def __init__(self, base: str | None) -> None:
        self._base = base
        self._read: dict[str, ReadPicture | None] = {}
        self.found: list[str] = []

    @property
    def kept(self) -> list[ReadPicture]:
        return [read for read in self._read.values() if read]

    def find(self, address: str) -> Picture | str | None:
        found = self._find(address.strip())
        if found and address not in self.found and (isinstance(found, Picture) or not self.found):
            self.found.append(address)
        return found

    def _find(self, address: str) -> Picture | str | None:
        if not (data := _DATA.fullmatch(address)):
            absolute = urljoin(self._base or "", address)
            if is_web_address(absolute):
                return absolute
            is_beside = address and ":" not in address and not address.startswith("/")
            return unquote(address) if is_beside and not self._base else None
        if address not in self._read:
            self._read[address] = _read_data(data)
        read = self._read[address]
        return read.picture if read else None


def _read_data(data: re.Match[str]) -> ReadPicture | None:
    try:
        if not data["base64"]:
            return None
        return read_picture("picture", base64.b64decode(data["content"], validate=False))
    except (binascii.Error, UnreadableSourceError):
        return None
