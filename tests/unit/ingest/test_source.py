"""Any source, told apart by content and suffix."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import UnreadableSourceError
from newsletter.ingest.limits import LONGEST_SOURCE
from newsletter.ingest.source import LONGEST_TEXT, read_source

PAGE = "By Ann Example\n\nA standfirst.\n\nBACKGROUND: “Text”.\n"
BARE_MARKDOWN = "# A\n\nText.\n"
MARKDOWN = "---\ntitle: A\n---\n\nText.\n"
HTML = "<html><body><h1>A</h1><p>By Ann Example</p><p>Text.</p></body></html>"
FEED = '<rss version="2.0"><channel><item><title>A</title><description>W.</description></item></channel></rss>'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.txt", PAGE),
        ("no suffix", PAGE),
        ("a.md", MARKDOWN),
        ("a.md", "Text.\n"),
        ("pasted text", BARE_MARKDOWN),
        ("https://example.org/a.md?raw=1.txt", MARKDOWN),
        ("https://example.org/article", MARKDOWN),
        ("f.xml", FEED),
        ("https://example.org/feed", FEED),
        ("a.html", HTML),
        ("https://example.org/page", f"<!DOCTYPE html>{HTML}"),
    ],
)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_each_format_is_known_whatever_its_line_ends(name: str, text: str, bom: bytes, line_end: str) -> None:
    sourced = read_source(name, bom + text.replace("\n", line_end).encode())

    assert len(sourced.articles) == 1


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.txt", b"By Ann Example\n\nna\xefve\n", "a.txt, line 3: expected text in UTF-8"),
        ("a.docx", b"PK\x03\x04\x00\x00", "a.docx: expected a whole .docx file; this one is damaged"),
        ("a", b"a\0b", "a: expected a Word file (.docx), HTML, published-page text, Markdown, RSS"),
        ("a.html", b"<!DOCTYPE html><p></p>", "a.html: expected a page with the words of an article"),
        ("a.md", b"---\ntitle: A\n", "a.md, line 1: expected front matter"),
        ("a.md", b"# A", "a.md, line 1: expected an article: a line “# HEADLINE”"),
        ("a.rss", b"Text.", "a.rss, line 1: expected well-formed XML"),
        ("a.txt", b" " * (LONGEST_TEXT + 1), "a.txt: expected at most 10 MiB of text"),
        ("a.docx", b" " * (LONGEST_SOURCE + 1), "a.docx: expected at most 25 MiB"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableSourceError) as caught:
        read_source(name, data)

    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith("; nothing was imported from it.")


def read_or_refuse(name: str, data: bytes) -> None:
    try:
        read_source(name, data)
    except UnreadableSourceError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either answer is right, a refusal must be one line


@given(name=st.sampled_from(["a", "a.txt", "a.md", "a.xml", "https://[", "a.html"]), data=st.binary(max_size=400))
@example(name="a.md", data=b"---\n? [a]: b\n---\nx")
@example(name="a.md", data=b"---\n&a [*a]\n---\nx")
@example(name="a.md", data=b"---\n!!python/object:os.system x\n---\nx")
@example(name="a.xml", data=b'<?xml version="1.0" encoding="nonsense"?><rss/>')
@example(name="a.xml", data=b"<\0")
@example(name="a.xml", data="\ufeff<rss/>".encode("utf-16"))
def test_arbitrary_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    read_or_refuse(name, data)


_PIECES = st.sampled_from(
    [
        *("By Ann Example", "BACKGROUND:", "Credit: x", "AUTHOR'S BIO:", "Visit also", "Text.", "", "\u2029", "\x00"),
        *(
            "---",
            "title: x",
            "date: 1",
            "authors: [a",
            "image:",
            "  url: http://[",
            "## H",
            "# H",
            "![p](b.png)",
            "<b>",
            "&#xd800;",
            "> - 1. x",
        ),
    ]
)


@given(name=st.sampled_from(["a.txt", "a.md"]), lines=st.lists(_PIECES, max_size=20))
def test_any_mixture_of_known_lines_is_read_or_refused(name: str, lines: list[str]) -> None:
    read_or_refuse(name, "\n".join(lines).encode())


_TAGS = ["title", "link", "description", "author", "pubDate", "category", "enclosure", "guid", "summary", "content"]


@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from([*_TAGS, "updated", "id", "name", "email", "media:content", "media:credit", "dc:creator"]),
            st.sampled_from(
                ["", "x", "http://[", "2025-99-99", "&lt;p&gt;a", "a@example.org (A)", "&#x202e;", "<b>c</b>"]
            ),
            st.sampled_from(
                ["", ' type="html"', ' type="xhtml"', ' type="image/x"', ' url="//["', ' href="x"', ' rel="x"']
            ),
        ),
        max_size=8,
    ),
    kind=st.sampled_from(["rss", "feed"]),
)
def test_any_mixture_of_feed_elements_is_read_or_refused(parts: list[tuple[str, str, str]], kind: str) -> None:
    inner = "".join(f"<{tag}{attributes}>{text}</{tag}>" for tag, text, attributes in parts)
    spaces = 'xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    text = (
        f'<rss version="2.0" {spaces}><channel><item>{inner}</item></channel></rss>'
        if kind == "rss"
        else f'<feed xmlns="http://www.w3.org/2005/Atom" {spaces}><entry>{inner}</entry></feed>'
    )
    read_or_refuse("f.xml", text.encode())
