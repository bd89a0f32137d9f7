"""RSS and Atom feeds."""

from datetime import UTC, datetime

import pytest

from newsletter.domain.article import Image, Section
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.feed import read_feed
from newsletter.resources import folder


def rss(item: str) -> bytes:
    return (
        '<?xml version="1.0"?>\n<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>T</title><link>https://example.org/</link><description>d</description>{item}</channel></rss>"
    ).encode()


def atom(entry: str) -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>tag:example.org,2025:t</id>'
        f"<author><name>Feed Author</name></author><updated>2025-01-01T00:00:00Z</updated>{entry}</feed>"
    ).encode()


def test_an_rss_item_gives_title_authors_date_link_tags_and_both_texts() -> None:
    (article,) = read_feed(
        "f.xml",
        rss(
            "<item><title>Dams &amp;amp; &lt;b&gt;weirs&lt;/b&gt;</title><link>https://example.org/a</link>"
            "<dc:creator>Ann Example and Ben Sample</dc:creator><pubDate>Thu, 16 Oct 2025 09:00:00 +0200</pubDate>"
            "<category>Water, rivers</category><category>Water, rivers</category><description>Short.</description>"
            "<content:encoded><![CDATA[<p>One <a href='/x' onclick='y'>link</a></p><h2>Head</h2><p>Two</p>"
            "<script>z</script>]]></content:encoded></item>"
        ),
    )

    assert (article.headline, article.needs_headline) == ("Dams & weirs", False)
    assert article.authors == ("Ann Example", "Ben Sample")
    assert article.published_at == datetime(2025, 10, 16, 7, tzinfo=UTC)
    assert article.url == "https://example.org/a"
    assert article.tags == ("Water, rivers",)
    assert article.standfirst == "Short."
    assert article.sections == (Section(name="", paragraphs=("One link",)), Section(name="Head", paragraphs=("Two",)))
    assert article.body_html is not None
    assert 'href="https://example.org/x"' in article.body_html
    assert "script" not in article.body_html
    assert "onclick" not in article.body_html


def test_an_atom_entry_in_xhtml_is_read_and_its_lead_is_the_standfirst() -> None:
    (article,) = read_feed(
        "f.xml",
        atom(
            '<entry><title type="html">A &amp;lt; B</title><id>x</id><link href="https://example.org/1"/>'
            "<updated>2025-01-02T00:00:00Z</updated>"
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Lead.</p><h3>H</h3><p>More.</p></div>'
            "</content></entry>"
        ),
    )

    assert article.headline == "A < B"
    assert article.authors == ("Feed Author",)
    assert article.standfirst == "Lead."
    assert article.sections == (Section(name="H", paragraphs=("More.",)),)
    assert article.published_at == datetime(2025, 1, 2, tzinfo=UTC)


def test_several_atom_authors_are_all_named_and_mail_addresses_are_not() -> None:
    (article,) = read_feed(
        "f.xml",
        atom(
            "<entry><title>A</title><id>x</id><author><name>Ann Example</name><email>ann@example.org</email></author>"
            "<author><name>ben@example.org</name></author><author><name>Cy Probe</name></author>"
            "<summary>Words.</summary></entry>"
        ),
    )

    assert article.authors == ("Ann Example", "Cy Probe")


def test_plain_text_keeps_its_paragraphs_and_signs() -> None:
    (article,) = read_feed(
        "f.xml", atom("<entry><title>A</title><id>x</id><summary>1 &amp;amp; 2\n\nThree</summary></entry>")
    )

    assert article.standfirst == "1 &amp; 2"
    assert article.sections == (Section(name="", paragraphs=("Three",)),)


SAID = """
<media:content url="https://example.org/v.mp4" type="video/mp4"><media:credit>No</media:credit></media:content>
<media:content url="https://example.org/i.jpg" medium="image"><media:credit>Cy Probe</media:credit>
<media:description>A dam</media:description><media:title>T</media:title><media:license>CC BY</media:license>
</media:content>
"""
ENCLOSED = """
<enclosure url="https://example.org/a.mp3" type="audio/mpeg" length="1"/>
<enclosure url="https://example.org/i.png" type="image/png" length="1"/>
"""
SMALL = '<media:description>Loose</media:description><media:thumbnail url="https://example.org/t.png"/>'


@pytest.mark.parametrize(
    ("media", "image"),
    [
        (SAID, Image(url="https://example.org/i.jpg", alt="A dam", author="Cy Probe", licence="CC BY")),
        (ENCLOSED, Image(url="https://example.org/i.png")),
        (SMALL, Image(url="https://example.org/t.png")),
        ('<enclosure url="data:image/png;base64,AA" type="image/png" length="1"/>', None),
    ],
)
def test_the_first_picture_is_the_articles_image(media: str, image: Image | None) -> None:
    (article,) = read_feed("f.xml", rss(f"<item><title>A</title><description>Words.</description>{media}</item>"))

    assert article.image == image
    assert article.standfirst == "Words."
    assert article.headline == "A"


def test_an_entry_may_lack_title_link_author_and_date() -> None:
    (article,) = read_feed("f.xml", rss("<item><pubDate>soon</pubDate><description>Only words.</description></item>"))

    assert (article.headline, article.needs_headline) == ("Only words", True)
    assert (article.url, article.authors, article.published_at) == (None, (), None)


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59-10:00", "soon", ""])
def test_a_date_beyond_the_calendar_is_no_date(date: str) -> None:
    (article,) = read_feed(
        "f.xml",
        atom(f"<entry><title>A</title><id>x</id><published>{date}</published><summary>W.</summary></entry>"),
    )

    assert article.published_at is None


def test_a_link_that_is_no_web_address_is_dropped() -> None:
    (article,) = read_feed(
        "f.xml", rss("<item><title>A</title><link>javascript:alert(1)</link><description>W.</description></item>")
    )

    assert article.url is None


@pytest.mark.parametrize(
    ("html", "standfirst", "paragraphs"),
    [
        ("&lt;ul&gt;&lt;li&gt;a&lt;/li&gt;&lt;li&gt;b&lt;/li&gt;&lt;/ul&gt;", "a", [("a", "b")]),
        ("&lt;ul&gt;&lt;li&gt;a&lt;/li&gt;&lt;/ul&gt;", "a", []),
        ("&lt;h2&gt;H&lt;/h2&gt;&lt;p&gt;a&lt;/p&gt;", "a", []),
    ],
)
def test_text_that_begins_without_a_paragraph_still_has_a_standfirst(
    html: str, standfirst: str, paragraphs: list[tuple[str, ...]]
) -> None:
    (article,) = read_feed("f.xml", rss(f"<item><title>A</title><description>{html}</description></item>"))

    assert article.standfirst == standfirst
    assert [part.paragraphs for part in article.sections] == paragraphs


def test_a_feed_without_entries_gives_no_articles() -> None:
    assert read_feed("f.xml", rss("")) == ()


def test_other_encodings_are_read_as_declared() -> None:
    data = '<?xml version="1.0" encoding="iso-8859-1"?>' + rss(
        "<item><title>Städte</title><description>W.</description></item>"
    ).decode().removeprefix('<?xml version="1.0"?>\n')

    (article,) = read_feed("f.xml", data.encode("latin-1"))

    assert article.headline == "Städte"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<rss>\n<channel></rss>", "f.xml, line 2: expected well-formed XML"),
        (b"", "f.xml, line 1: expected well-formed XML"),
        (b"<html><p>hello</p></html>", "f.xml, line 1: expected an RSS or Atom feed"),
        (b'<m:credit xmlns:m="http://search.yahoo.com/mrss/"/>', "f.xml, line 1: expected an RSS or Atom feed"),
        (b'<?xml version="1.0" encoding="nonsense"?><rss/>', "f.xml, line 1: expected well-formed XML"),
        (rss("<item><title>A</title></item>"), "f.xml: expected a summary or content in entry 1 (“A”)"),
        (
            rss(f"<item><description>{'&lt;b&gt;' * 10_001}</description></item>"),
            "f.xml: expected at most 10000 tags in entry 1",
        ),
        (
            b'<!DOCTYPE rss [<!ENTITY a "b">]>' + rss("<item><title>&a;</title></item>").partition(b"\n")[2],
            "f.xml, line 1: expected a feed without entities of its own",
        ),
    ],
)
def test_a_feed_that_cannot_be_read_says_what_was_expected(data: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableSourceError) as caught:
        read_feed("f.xml", data)

    assert sentence in str(caught.value)


def test_the_projects_own_sample_is_read_whole() -> None:
    articles = read_feed("notes.atom", (folder("examples") / "articles" / "notes.atom").read_bytes())

    assert len(articles) == 2
    for article in articles:
        assert article.url
        assert article.published_at
        assert article.tags
        assert article.authors
        assert article.sections
