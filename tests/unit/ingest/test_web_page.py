"""HTML files and pages as articles."""

import base64
from datetime import UTC, datetime

import pytest

from drawing import a_picture_file
from newsletter.domain.article import Image, Section
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.html import MOST_TAGS
from newsletter.ingest.web_page import read_web_page

PAGE = """<!DOCTYPE html><html lang="en"><head><title>The Ferry – A Journal</title>
<link rel="canonical" href="https://example.org/ferry">
<meta property="og:title" content="Ferry!"><meta name="author" content="Nobody Else">
<meta property="article:published_time" content="2026-01-05T09:00:00+01:00">
<meta property="article:tag" content="Harbours"></head><body>
<nav><ul><li><a href="/">Home</a></li></ul></nav>
<article><header><h1>The Ferry That Stayed</h1><p>By Ann Example</p></header>
<figure><img src="/ferry.jpg" alt="A ferry"><figcaption>The ferry at dawn</figcaption></figure>
<div class="lead"><p>Three winters on borrowed fuel.</p></div>
<h2>Background</h2><div><p>It <em>began</em> by <a href="/pier">the pier</a>.</p>Loose words.
<ul><li>One</li><li>Two</li></ul></div>
<p><b>IMPLICATIONS:</b> A second section.</p>
<form><input name="q"><button>Subscribe</button></form><script>alert(1)</script>
<p>AUTHOR’S BIO: Ann Example writes.</p></article>
<footer><p>All rights reserved</p></footer></body></html>"""


def test_a_page_gives_its_main_text_and_what_it_states_about_itself() -> None:
    (article,) = read_web_page("ferry.html", PAGE.encode()).articles

    assert article.headline == "The Ferry That Stayed"
    assert article.authors == ("Ann Example",)
    assert article.standfirst == "Three winters on borrowed fuel."
    assert article.sections == (
        Section(name="Background", paragraphs=("It began by the pier.", "Loose words.", "One", "Two")),
        Section(name="IMPLICATIONS", paragraphs=("A second section.",)),
    )
    assert article.image == Image(url="https://example.org/ferry.jpg", alt="The ferry at dawn")
    assert article.biography == "Ann Example writes."
    assert article.url == "https://example.org/ferry"
    assert article.published_at == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert article.tags == ("Harbours",)
    assert 'href="https://example.org/pier"' in (article.body_html or "")
    assert "script" not in (article.body_html or "")


def test_a_page_without_a_heading_or_byline_takes_what_it_states() -> None:
    page = PAGE.replace("<h1>The Ferry That Stayed</h1><p>By Ann Example</p>", "")

    (article,) = read_web_page("ferry.html", page.encode()).articles

    assert (article.headline, article.needs_headline) == ("Ferry!", False)
    assert article.authors == ("Nobody Else",)


def test_an_address_stands_for_the_article_where_the_page_names_none() -> None:
    page = PAGE.replace('<link rel="canonical" href="https://example.org/ferry">', "")

    (fetched,) = read_web_page("https://example.org/a", page.encode()).articles
    (filed,) = read_web_page("a.html", page.encode()).articles

    assert fetched.url == "https://example.org/a"
    assert filed.url is None


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("", "windows-1252"),
        ('<meta charset="iso-8859-2">', "iso-8859-2"),
        ("<meta charset=no>", "cp1252"),
    ],
)
def test_a_page_is_read_in_its_encoding(head: str, encoding: str) -> None:
    page = f"<html><head>{head}</head><body><h1>Fähre</h1><p>Öl für die Fähre.</p></body></html>"

    (article,) = read_web_page("a.html", page.encode(encoding)).articles

    assert (article.headline, article.standfirst) == ("Fähre", "Öl für die Fähre.")


def test_a_picture_within_the_page_is_kept_and_others_are_counted() -> None:
    data = base64.b64encode(a_picture_file("PNG", size=(40, 30))).decode()
    page = (
        f'<p>Text.</p><img src="data:image/png;base64,{data}" alt="Own"><p>More.</p>'
        '<img src="https://example.net/b.png"><img src="data:image/png;base64,AAAA">'
    )

    sourced = read_web_page("a.html", f"<body>{page}</body>".encode())

    (article,), (read,) = sourced.articles, sourced.pictures
    assert article.image == Image(url=read.picture.path, alt="Own")
    assert sourced.remarks == ("2 pictures of the page were left out.",)
    assert "example.net" not in (article.body_html or "")


def test_a_picture_beside_the_file_is_named_as_it_stands() -> None:
    (article,) = read_web_page("a.html", b'<p>Text.</p><img src="img/a%20b.jpg">').articles

    assert article.image == Image(url="img/a b.jpg")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<html></html>", "a page with the words of an article"),
        (b"<p>a\0b</p>", "HTML, and not a binary file"),
        (b"<body>" + b"<p>x</p>" * (MOST_TAGS + 1), f"a page of at most {MOST_TAGS} elements"),
        (b"", "HTML with words in it"),
    ],
)
def test_what_is_no_article_is_refused(page: bytes, expected: str) -> None:
    with pytest.raises(UnreadableSourceError, match=expected):
        read_web_page("a.html", page)


def test_a_page_as_deep_as_a_well_is_read_or_refused() -> None:
    page = b"<body>" + b"<div>" * 4_000 + b"Words." + b"</div>" * 4_000

    try:
        (article,) = read_web_page("a.html", page).articles
    except UnreadableSourceError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either answer is right
    else:
        assert article.standfirst == "Words."
