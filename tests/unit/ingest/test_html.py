"""HTML from outside."""

import pytest

from newsletter.domain.article import Section
from newsletter.ingest.html import MOST_TAGS, clean_html, read_body, read_plain, take_lead


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p onclick='x()' class=a style='color:red'>a</p>", "<p>a</p>"),
        ("<script>alert(1)</script><style>p{}</style>a", "a"),
        ("<a href='javascript:alert(1)'>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<a href='/x'>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<img src='https://example.org/pixel.gif'>a", "a"),
        ("<div>a</div>", "a"),
        ("a&nbsp;b&#x202e;c", "a bc"),
        ("<svg><a href='x'>y</a></svg>b", "b"),
        ("<p>a", "<p>a</p>"),
    ],
)
def test_only_what_is_allowed_is_kept(html: str, clean: str) -> None:
    assert clean_html(html) == clean


def test_relative_links_are_resolved_where_the_base_is_known() -> None:
    assert 'href="https://example.org/b"' in clean_html("<a href='/b'>b</a>", base="https://example.org/a")


def test_markup_that_takes_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 10000 tags"):
        clean_html("<blockquote>" * (MOST_TAGS + 1))


def test_headings_make_sections_and_blocks_make_paragraphs() -> None:
    body = read_body(
        "Loose <b>text</b>.<h2>One:</h2><p>A<br>b</p><ul><li>c</li><li>d</li></ul><h3></h3>"
        "<blockquote>e</blockquote><h2>Empty</h2><h2>Two</h2><table><tr><td>f</td><td>g</td></tr></table>"
    )

    assert body.sections == (
        Section(name="", paragraphs=("Loose text.",)),
        Section(name="One", paragraphs=("A b", "c", "d", "e")),
        Section(name="Two", paragraphs=("f g",)),
    )


def test_the_words_of_markup_are_parted_by_blank_lines() -> None:
    assert read_plain("<p>a &amp; b</p><h2>C</h2><p>d</p>") == "a & b\n\nC\n\nd"


def test_the_lead_is_the_first_paragraph_above_any_heading() -> None:
    lead, rest = take_lead(read_body("<p>Lead <em>here</em>.</p>\n<p>Rest.</p><h2>One</h2><p>A</p>"))

    assert lead == "Lead here."
    assert rest.html == "<p>Rest.</p><h2>One</h2><p>A</p>"
    assert [part.paragraphs for part in rest.sections] == [("Rest.",), ("A",)]


@pytest.mark.parametrize("html", ["", "<h2>One</h2><p>A</p>", "<ul><li>a</li></ul>"])
def test_where_no_paragraph_leads_nothing_is_taken(html: str) -> None:
    body = read_body(html)

    assert take_lead(body) == ("", body)


def test_a_lead_alone_leaves_an_empty_body() -> None:
    lead, rest = take_lead(read_body("<p>Lead.</p>"))

    assert (lead, rest.sections, rest.html) == ("Lead.", (), "")
