"""Markdown with front matter."""

from datetime import UTC, datetime

import pytest

from newsletter.domain.article import Image, Section
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.markdown import read_markdown
from newsletter.resources import folder

FULL = """---
title: "Water: a history"
authors: [Ann Example, Ben Sample]
date: 2025-10-16T09:00:00+02:00
url: https://example.org/water
tags:
  - water
  - history
image: {url: https://example.org/a.jpg, alt: A dam, author: Cy Probe, license: CC BY 4.0, source: Archive}
standfirst: |
  First paragraph.

  Second.
credit: Example House
biography: Ann writes.
---

Opening with **weight** and a [link](/more).

## Background

One.

- two
"""


def test_every_key_of_the_front_matter_finds_its_field() -> None:
    article = read_markdown("a.md", FULL)

    assert (article.headline, article.needs_headline) == ("Water: a history", False)
    assert article.authors == ("Ann Example", "Ben Sample")
    assert article.published_at == datetime(2025, 10, 16, 7, tzinfo=UTC)
    assert article.url == "https://example.org/water"
    assert article.tags == ("water", "history")
    assert article.image == Image(
        url="https://example.org/a.jpg", alt="A dam", author="Cy Probe", licence="CC BY 4.0", source="Archive"
    )
    assert article.standfirst == "First paragraph.\n\nSecond."
    assert (article.credit, article.biography) == ("Example House", "Ann writes.")


def test_the_body_is_kept_as_sections_and_as_clean_html() -> None:
    article = read_markdown("a.md", FULL + "\n<script>alert(1)</script>\n")

    assert article.sections == (
        Section(name="", paragraphs=("Opening with weight and a link.",)),
        Section(name="Background", paragraphs=("One.", "two")),
    )
    assert article.body_html is not None
    assert "<strong>weight</strong>" in article.body_html
    assert 'href="https://example.org/more"' in article.body_html
    assert "script" not in article.body_html


def test_little_is_needed() -> None:
    article = read_markdown("a.md", "---\nauthor: Ann Example and Ben Sample\nurl: ~\n---\nThe lead.\n\nThe rest.\n")

    assert (article.headline, article.needs_headline) == ("The lead", True)
    assert article.authors == ("Ann Example", "Ben Sample")
    assert article.standfirst == "The lead."
    assert article.sections == (Section(name="", paragraphs=("The rest.",)),)
    assert (article.url, article.published_at, article.image, article.tags) == (None, None, None, ())


def test_words_that_yaml_takes_for_numbers_and_truth_values_stay_words() -> None:
    article = read_markdown("a.md", "---\ntitle: 1989\nauthor: No\nimage: https://example.org/a.png\n---\nText.\n")

    assert (article.headline, article.authors) == ("1989", ("No",))
    assert article.image == Image(url="https://example.org/a.png")


def test_invisible_characters_of_yaml_escapes_are_dropped() -> None:
    article = read_markdown("a.md", '---\ntitle: "a\\u202eb\\ud800"\n---\nText.\n')

    assert article.headline == "ab"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Text.", "a.md, line 1: expected front matter between two lines “---”"),
        ("---\ntitle: x\n", "a.md, line 1: expected front matter between two lines “---”"),
        ("---\ntitle: [x\n---\nText.", "a.md, line 3: expected valid YAML"),
        ("---\ntitle: x\n  y: z\n---\nText.", "a.md, line 3: expected valid YAML"),
        ('---\ntitle: "\x01"\n---\nText.', "a.md, line 1: expected valid YAML"),
        ("---\n" + "[" * 1000 + "\n---\nText.", "expected valid YAML"),
        ("---\njust words\n---\nText.", "a.md, line 2: expected front matter such as “title: …”"),
        ("---\nauthor: x\ntitle: [a]\n---\nText.", "a.md, line 3: expected text after “title:”"),
        ("---\nauthors: [[a]]\n---\nText.", "a.md, line 2: expected a list of names after “authors:”"),
        ("---\ntitle: x\ndate: soon\n---\nText.", "a.md, line 3: expected a date such as 2025-10-16"),
        (
            "---\nurl: ftp://example.org\n---\nText.",
            "a.md, line 2: expected an address that begins with https:// for “url”",
        ),
        ("---\nimage: /a.png\n---\nText.", "a.md, line 2: expected an address"),
        ("---\nimage: [a]\n---\nText.", "a.md, line 2: expected url, alt, author, licence and source below “image:”"),
        ("---\ntitle: x\n---\n\n## Heading only\n", "a.md, line 4: expected the article’s text below the front matter"),
        ("---\ntitle: x\n---\n" + "<b>" * 20_000, "a.md, line 4: expected at most 10000 tags"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_what_was_expected(text: str, sentence: str) -> None:
    with pytest.raises(UnreadableSourceError) as caught:
        read_markdown("a.md", text)

    assert sentence in str(caught.value)


def test_the_projects_own_samples_are_read_whole() -> None:
    articles = [
        read_markdown(file.name, file.read_text(encoding="utf-8"))
        for file in sorted((folder("examples") / "articles").glob("*.md"))
    ]

    assert len(articles) == 3
    for article in articles:
        assert not article.needs_headline
        assert [part.name for part in article.sections] == ["Background", "Implications", "Conclusions"]
        assert article.tags
        assert article.published_at
        assert article.credit
        assert article.biography


@pytest.mark.parametrize("front", ["image: pictures/a dam.JPG", "image: {url: pictures/a dam.JPG}"])
def test_a_picture_may_lie_beside_the_file(front: str) -> None:
    assert read_markdown("a.md", f"---\n{front}\n---\nText.\n").image == Image(url="pictures/a dam.JPG")
