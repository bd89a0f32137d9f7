"""The plain words of a body, section by section: what is searched, counted and cut into teasers."""

from __future__ import annotations

from html.parser import HTMLParser

from newsletter.domain.article import Section

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ENDS = _HEADINGS | {"blockquote", "dd", "dl", "dt", "figure", "hr", "li", "ol", "p", "pre", "table", "tr", "ul"}
_SPACERS = frozenset({"br", "td", "th"})
#: Words below a picture are about the picture.
_NO_TEXT = "figcaption"


def read_sections(html: str) -> tuple[Section, ...]:
    """Read HTML that is clean: a section for each heading, and one without a name for text above the first."""
    outline = _Outline()
    outline.feed(html)
    outline.close()
    return outline.sections()


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._sections: list[tuple[str, list[str]]] = [("", [])]
        self._words: list[str] = []
        self._is_silent = False

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ENDS:
            self._end_paragraph()
        elif tag in _SPACERS:
            self._words.append(" ")
        elif tag == _NO_TEXT:
            self._is_silent = True

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS:
            if heading := self._take_words():
                self._sections.append((heading.rstrip(" :"), []))
        elif tag in _ENDS:
            self._end_paragraph()
        elif tag == _NO_TEXT:
            self._is_silent = False

    def handle_data(self, data: str) -> None:
        if not self._is_silent:
            self._words.append(data)

    def sections(self) -> tuple[Section, ...]:
        self._end_paragraph()
        return tuple(Section(name=name, paragraphs=tuple(texts)) for name, texts in self._sections if texts)

    def _end_paragraph(self) -> None:
        if text := self._take_words():
            self._sections[-1][1].append(text)

    def _take_words(self) -> str:
        text = " ".join("".join(self._words).split())
        self._words.clear()
        return text
