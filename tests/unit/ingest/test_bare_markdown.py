"""Markdown without front matter."""

import pytest

from newsletter.domain.article import Image, Section
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.bare_markdown import is_bare_markdown, read_bare_markdown
from newsletter.ingest.manuscript import NO_AUTHOR

TEXT = """# The *Ferry*
By Ann Example and Ben Sample
The strait was wide.

![A ferry in fog](ferry.jpg)

## Background

It **still** is.

- the first pier
- the second
"""


def test_headline_authors_and_text_are_read_by_the_rules_of_manuscripts() -> None:
    (article,) = read_bare_markdown("a.md", TEXT).articles

    assert (article.headline, article.needs_headline) == ("The Ferry", False)
    assert article.authors == ("Ann Example", "Ben Sample")
    assert article.standfirst == "The strait was wide."
    assert article.sections == (
        Section(name="Background", paragraphs=("It still is.", "the first pier", "the second")),
    )
    assert article.body_html
    assert "<strong>still</strong>" in article.body_html
    assert article.image == Image(url="ferry.jpg", alt="A ferry in fog")


def test_without_a_heading_it_needs_a_headline_and_without_a_byline_the_answer_says_so() -> None:
    sourced = read_bare_markdown("a.md", "The strait was wide. It still is.\n")

    (article,) = sourced.articles
    assert (article.headline, article.needs_headline) == ("The strait was wide", True)
    assert article.authors == ()
    assert sourced.remarks == (NO_AUTHOR,)


def test_each_byline_begins_an_article_with_the_heading_above_it() -> None:
    text = "# One\n\nBy Ann Example\n\nFirst.\n\n# Two\n\nBy Ben Sample\n\nSecond.\n"

    articles = read_bare_markdown("a.md", text).articles

    assert [(article.headline, article.authors) for article in articles] == [
        ("One", ("Ann Example",)),
        ("Two", ("Ben Sample",)),
    ]


def test_pictures_that_cannot_be_had_are_left_out_and_named() -> None:
    text = "# A\n\nBy Ann Example\n\nText.\n\n![a](/etc/a.png)\n\n![b](https://example.org/b.png)\n\n![c](c.png)\n"

    sourced = read_bare_markdown("a.md", text)

    assert sourced.articles[0].image == Image(url="https://example.org/b.png", alt="b")
    assert sourced.remarks == ("2 pictures of the text were left out.",)


def test_markup_is_cleaned() -> None:
    text = "# A\n\nText.\n\nMore <b onclick='x()'>words</b>.\n\n<script>alert(1)</script>\n"

    (article,) = read_bare_markdown("a.md", text).articles

    assert article.body_html
    assert "words" in article.body_html
    assert "onclick" not in article.body_html
    assert "alert" not in article.body_html


@pytest.mark.parametrize("text", ["", "# Only a headline\n", "---"])
def test_what_holds_no_text_is_refused_with_what_to_add(text: str) -> None:
    with pytest.raises(UnreadableSourceError) as caught:
        read_bare_markdown("pasted text", text)

    assert "expected an article: a line “# HEADLINE”, perhaps “By AUTHOR”, and text below" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "is_it"),
    [("# Head", True), ("\n\n## Head", True), ("#hashtag of a day", False), ("By Ann Example", False), ("#", False)],
)
def test_markdown_is_known_by_a_heading_at_its_beginning(text: str, is_it: bool) -> None:  # noqa: FBT001 - a table
    assert is_bare_markdown(text) is is_it
