"""Any source of articles, told apart by its content and, where that says nothing, by its suffix."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePosixPath

from newsletter.errors import UnreadableSourceError
from newsletter.ingest.bare_markdown import is_bare_markdown, read_bare_markdown
from newsletter.ingest.feed import read_feed
from newsletter.ingest.limits import LONGEST_SOURCE
from newsletter.ingest.markdown import read_markdown
from newsletter.ingest.page import read_page
from newsletter.ingest.sourced import Sourced
from newsletter.ingest.web_page import read_web_page
from newsletter.ingest.word import read_word
from newsletter.ingest.word_package import OLD_WORD

#: the longest text
LONGEST_TEXT = 10 * 1024 * 1024

_READABLE = "a Word file (.docx), HTML, published-page text, Markdown, RSS or Atom"
_FEED_SUFFIXES = frozenset({".atom", ".rdf", ".rss", ".xml"})
_MARKDOWN_SUFFIXES = frozenset({".markdown", ".md"})
_HTML_SUFFIXES = frozenset({".htm", ".html", ".xhtml"})
_WORD_SUFFIXES = frozenset({".doc", ".docm", ".docx", ".dotx", ".odt"})
_ZIP = b"PK\x03\x04"
_FEED_STARTS = (b"<?xml", b"<rss", b"<feed", b"<rdf:rdf")
_HTML_STARTS = (b"<!doctype html", b"<html")


def read_source(name: str, data: bytes) -> Sourced:
    """Read one file or answer, known as ``name`` (a path or an address); raises UnreadableSourceError, nothing else."""
    if len(data) > LONGEST_SOURCE:
        raise UnreadableSourceError(name, None, f"at most {LONGEST_SOURCE // 1024**2} MiB")
    suffix = _suffix(name)
    if data.startswith((_ZIP, OLD_WORD)) or suffix in _WORD_SUFFIXES:
        return read_word(name, data)
    if len(data) > LONGEST_TEXT:
        raise UnreadableSourceError(name, None, f"at most {LONGEST_TEXT // 1024**2} MiB of text")
    start = data.removeprefix(codecs.BOM_UTF8).lstrip()[:20].lower()
    if start.startswith(_HTML_STARTS) or suffix in _HTML_SUFFIXES:
        return read_web_page(name, data)
    if start.startswith(_FEED_STARTS) or suffix in _FEED_SUFFIXES:
        return Sourced(articles=read_feed(name, data))
    text = _decode(name, data)
    if start.startswith(b"---"):
        return Sourced(articles=(read_markdown(name, text),))
    if suffix in _MARKDOWN_SUFFIXES or is_bare_markdown(text):
        return read_bare_markdown(name, text)
    return read_page(name, text)


def _suffix(name: str) -> str:
    path = re.split(r"[?#]", name)[0] if "://" in name else name
    return PurePosixPath(path).suffix.lower()


def _decode(name: str, data: bytes) -> str:
    if b"\0" in data:
        raise UnreadableSourceError(name, None, f"{_READABLE}, and not a binary file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableSourceError(name, line, "text in UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
