"""Markdown with front matter: one article a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import yaml
from markdown_it import MarkdownIt

from newsletter.domain.article import Article, Image, provisional_headline
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.html import Body, read_body, take_lead
from newsletter.ingest.text import clean_line, clean_paragraphs, is_web_address, read_moment, split_names

_FENCE = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_PICTURE_FILE = re.compile(r"[^/:\\]+(?:/[^/:\\]+)*\.(?:jpe?g|png|gif|webp|tiff?)", re.IGNORECASE)
_ABSENT = frozenset({"", "~", "null"})
_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def read_markdown(source: str, text: str) -> Article:
    """Read front matter between two lines ``---`` and the body below it; raises UnreadableSourceError."""
    opening = _FENCE.match(text)
    closing = _FENCE.search(text, opening.end()) if opening else None
    if not opening or not closing:
        raise UnreadableSourceError(source, 1, "front matter between two lines “---”")
    front = _read_front_matter(source, text[opening.end() : closing.start()])
    body_line = text.count("\n", 0, closing.end()) + 2
    body = _read_body(source, body_line, text[closing.end() :], base=front.address("url"))
    standfirst = clean_paragraphs(front.text("standfirst"))
    if not standfirst:
        standfirst, body = take_lead(body)
    if not standfirst and not body.sections:
        raise UnreadableSourceError(source, body_line, "the article’s text below the front matter")
    headline = clean_line(front.text("headline", "title"))
    return Article(
        headline=headline or provisional_headline(standfirst),
        needs_headline=not headline,
        authors=front.names("authors", "author"),
        standfirst=standfirst,
        sections=body.sections,
        body_html=body.html or None,
        image=front.image(),
        credit=clean_line(front.text("credit")),
        biography=clean_paragraphs(front.text("biography")),
        url=front.address("url"),
        published_at=front.moment("date"),
        tags=front.names("tags"),
    )


def render_markdown(text: str) -> str:
    """Give the text as HTML, which is not clean yet."""
    rendered: str = _MARKDOWN.render(text)
    return rendered


def is_picture_file(text: str) -> bool:
    """Tell whether this names a picture's file beside the source."""
    return _PICTURE_FILE.fullmatch(text) is not None


def _read_body(source: str, line: int, text: str, *, base: str | None) -> Body:
    try:
        return read_body(render_markdown(text), base=base)
    except ValueError as error:
        raise UnreadableSourceError(source, line, str(error)) from error


def _read_front_matter(source: str, text: str) -> _FrontMatter:
    try:
        # BaseLoader makes strings, lists and mappings, nothing else: "title: 1989" and "title: No" stay words.
        values = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it cannot construct objects
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UnreadableSourceError(source, line, f"valid YAML ({error.problem})") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UnreadableSourceError(source, 1, "valid YAML between the lines “---”") from error
    if not isinstance(values, dict):
        raise UnreadableSourceError(source, 2, "front matter such as “title: …”")
    return _FrontMatter(source=source, values=values, lines=text.split("\n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _FrontMatter:
    source: str
    values: Mapping[object, object]
    lines: list[str]

    def text(self, *names: str) -> str:
        """Give the first of these keys that says something, else ""."""
        for name in names:
            value = self.values.get(name, "")
            if not isinstance(value, str):
                raise self._unreadable(name, f"text after “{name}:”")
            if value not in _ABSENT:
                return value
        return ""

    def names(self, *names: str) -> tuple[str, ...]:
        """Give a list, written as one or as a line of names."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, list):
                if not all(isinstance(entry, str) for entry in value):
                    raise self._unreadable(name, f"a list of names after “{name}:”")
                return tuple(line for entry in value if (line := clean_line(entry)))
        return split_names(self.text(*names))

    def address(self, name: str) -> str | None:
        return self._web_address(name, clean_line(self.text(name)))

    def moment(self, name: str) -> datetime | None:
        text = self.text(name)
        try:
            return read_moment(text) if text else None
        except ValueError as error:
            raise self._unreadable(name, "a date such as 2025-10-16 or 2025-10-16T09:00+02:00") from error

    def image(self) -> Image | None:
        """Read ``image``: an address or a file beside the source, or a mapping of url, alt, author, licence, source."""
        value = self.values.get("image", "")
        if isinstance(value, str):
            return Image(url=self._picture(value.strip())) if value not in _ABSENT else None
        if not isinstance(value, dict) or not all(isinstance(entry, str) for entry in value.values()):
            raise self._unreadable("image", "url, alt, author, licence and source below “image:”")
        words = {str(name): clean_line(entry) for name, entry in value.items()}
        return Image(
            url=self._picture(words.get("url", "")),
            alt=words.get("alt", ""),
            author=words.get("author", ""),
            licence=words.get("licence", "") or words.get("license", ""),
            source=words.get("source", ""),
        )

    def _picture(self, text: str) -> str | None:
        return text if is_picture_file(text) else self._web_address("image", text)

    def _web_address(self, name: str, text: str) -> str | None:
        if text and not is_web_address(text):
            raise self._unreadable(name, f"an address that begins with https:// for “{name}”")
        return text or None

    def _unreadable(self, name: str, expected: str) -> UnreadableSourceError:
        # The first line of the front matter's text is the rest of the opening fence, so that counting from 1 is right.
        line = next((at for at, line in enumerate(self.lines, start=1) if line.startswith(f"{name}:")), 1)
        return UnreadableSourceError(self.source, line, expected)
