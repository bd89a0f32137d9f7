from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html as parser

from builders import SITE, a_masthead, a_news_item, a_partner, a_teaser, an_event, an_issue, the_sample_issue
from html_reading import read_html
from newsletter.domain.issue import Issue, RenderedIssue, RenderedVariant, Slot
from newsletter.domain.topic import Topic
from newsletter.errors import RenderError
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Mrml

GOLDEN = Path(__file__).parent / "golden"
TOKENS = {Slot.UNSUBSCRIBE: "leave-token", Slot.PREFERENCES: "choose-token"}

HOSTILE = (
    "{{ 7*7 }} {% raise %}",
    "</mj-text></mj-column><mj-raw>",
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "=?utf-8?q?a=0D=0ABcc=3A?=",
    "]]> --> <!-- <![CDATA[",
    "&lt;b&gt; &amp; &nbsp; &#0;",
    "emoji 🦊 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "w" * 2_000,
    "bell\x07 escape\x1b c1\x85\x9b half\ud800 none\ufffe nul\x00",
)


def render(issue: Issue) -> RenderedIssue:
    return render_issue(issue, compiler=Mrml())


def html_of(variant: RenderedVariant) -> str:
    return variant.html.fill(TOKENS)


def text_of(variant: RenderedVariant) -> str:
    return variant.text.fill(TOKENS)


@pytest.fixture(scope="module")
def sample() -> RenderedIssue:
    return render(the_sample_issue())


@pytest.mark.parametrize("topics", [Topic.everything(), Topic.EVENTS])
@pytest.mark.parametrize("kind", ["html", "txt"])
def test_the_sample_issue_is_rendered_as_stored(sample: RenderedIssue, topics: Topic, kind: str) -> None:
    variant = sample.variants[topics]
    golden = GOLDEN / f"{topics.label.replace(',', '-')}.{kind}"
    rendered = html_of(variant) if kind == "html" else text_of(variant)
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_text(rendered, encoding="utf-8")

    assert rendered == golden.read_text(encoding="utf-8"), "if that is meant: WRITE_GOLDEN=1 pytest tests/unit/render"


def test_equal_issues_render_to_equal_text_whatever_the_markers() -> None:
    first = render_issue(the_sample_issue(), compiler=Mrml(), make_nonce=lambda _: "abc123")
    second = render_issue(the_sample_issue(), compiler=Mrml())

    assert first == second
    assert first.digest == second.digest


def test_only_the_tokens_are_slots_and_both_parts_carry_them(sample: RenderedIssue) -> None:
    for variant in sample.variants.values():
        links = dict(read_html(html_of(variant)).links)

        assert variant.html.slots == variant.text.slots == set(Slot)
        assert links[f"{SITE}/unsubscribe/leave-token"] == "Unsubscribe"
        assert links[f"{SITE}/preferences/choose-token"] == "Change what you receive"
        assert f"\n{SITE}/unsubscribe/leave-token\n" in text_of(variant)
        assert f"\n{SITE}/preferences/choose-token\n" in text_of(variant)


def test_each_topic_set_reads_its_own_sections_and_nothing_of_the_others(sample: RenderedIssue) -> None:
    of_topic = {
        Topic.ARTICLES: ("Who Pays for the Mountain Railway?", "The Price of a Dry River"),
        Topic.EVENTS: ("Reading a Budget: A Workshop for Reporters",),
        Topic.NEWS: ("The Brandt Prize Goes to an Atlas of Small Harbours",),
    }
    for topics, variant in sample.variants.items():
        for part in (read_html(html_of(variant)).text, " ".join(text_of(variant).split())):
            for topic, titles in of_topic.items():
                for title in titles:
                    assert (title in part) == (topic in topics)
            assert "The Meridian Review" in part
            assert "12 Harbour Lane" in part


def test_a_variant_that_was_cut_reads_as_if_the_issue_had_never_held_more(sample: RenderedIssue) -> None:
    whole = the_sample_issue()
    for topics, variant in sample.variants.items():
        alone = render(
            replace(
                whole,
                lead=whole.lead if Topic.ARTICLES in topics else None,
                features=whole.features if Topic.ARTICLES in topics else (),
                earlier=whole.earlier if Topic.ARTICLES in topics else (),
                events=whole.events if Topic.EVENTS in topics else (),
                news=whole.news if Topic.NEWS in topics else (),
            )
        ).full

        assert variant.html == alone.html
        assert variant.text == alone.text


def test_the_text_part_names_every_title_and_address_of_the_html(sample: RenderedIssue) -> None:
    reading, text = read_html(html_of(sample.full)), text_of(sample.full)
    words = " ".join(text.split()).casefold()

    for url, wording in reading.links:
        assert url in text
        assert wording.casefold() in words
    for _, heading in reading.headings:
        assert heading.casefold() in words


def test_no_line_of_the_text_part_is_longer_than_78_characters() -> None:
    text = text_of(render(an_issue(lead=a_teaser(headline="w" * 2_000, text="word " * 300))).full)

    assert max(len(line) for line in text.splitlines() if "://" not in line) <= 78
    assert text.replace("\n", "").count("w" * 2_000) == 2  # in the contents and above the article; not one letter lost
    assert "\n\n\n" not in text


def test_the_sample_stays_far_below_what_inboxes_clip(sample: RenderedIssue) -> None:
    assert len(html_of(sample.full).encode()) <= 45_000
    for style in re.findall(r"<style.*?</style>", html_of(sample.full), re.DOTALL):
        assert len(style.encode()) <= 16_384


def test_the_document_says_what_it_is(sample: RenderedIssue) -> None:
    html = html_of(sample.full)
    root = parser.document_fromstring(html)

    assert html.startswith("<!doctype html>")
    assert (root.get("lang"), root.get("dir")) == ("en", "ltr")
    assert root.findtext(".//title") == "The Ferry That Outlived Three Treaties"
    assert root.xpath("//meta[@name='color-scheme']/@content") == ["light dark"]
    assert [level for level, _ in read_html(html).headings].count("h1") == 1
    assert read_html(html).text.startswith("Also: who pays for the mountain railway")
    assert not root.xpath("//table[not(@role='presentation')]")


def test_no_link_or_image_is_unsafe_unnamed_or_inside_the_letter(sample: RenderedIssue) -> None:
    reading = read_html(html_of(sample.full))

    for url, wording in reading.links:
        assert url.startswith("https://")
        assert "#" not in url
        assert wording
        assert wording.casefold() != "here"
    names = [wording for _, wording in reading.links]
    assert len(names) == len(set(names))
    for url, _ in reading.images:
        assert url.startswith("https://")
    assert not re.search(r'width="1"|height="1"|<script|<form|@import|@font-face', html_of(sample.full))


def test_every_article_has_a_heading_that_links_to_it(sample: RenderedIssue) -> None:
    reading = read_html(html_of(sample.full))

    for teaser in (the_sample_issue().lead, *the_sample_issue().features):
        assert teaser
        assert ("h2", teaser.headline) in reading.headings
        assert (teaser.url, teaser.headline) in reading.links


def test_hostile_text_is_only_ever_text() -> None:
    innocent = read_html(html_of(render(_issue_of("innocent")).full))
    for hostile in HOSTILE:
        rendered = render(_issue_of(hostile)).full
        html, text = html_of(rendered), text_of(rendered)
        reading = read_html(html)
        shown = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800\ufffe]", "", hostile)

        assert " ".join(shown.split()) in reading.text
        assert [url for url, _ in reading.links] == [url for url, _ in innocent.links]
        assert [level for level, _ in reading.headings] == [level for level, _ in innocent.headings]
        assert reading.images == ((f"{SITE}/i.png", shown),)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", html + text)
        html.encode()
        text.encode()


def _issue_of(text: str) -> Issue:
    teaser = a_teaser(
        headline=text, text=text, kicker=text, authors=(text,), reason=text, image_url=f"{SITE}/i.png", image_alt=text
    )
    return an_issue(
        subject=text,
        preheader=text,
        note=text,
        masthead=a_masthead(blurb=text),
        lead=teaser,
        features=(replace(teaser, image_url=None),),
        events=(an_event(title=text, text=text, place=text),),
        news=(a_news_item(title=text, text=text),),
        earlier=(teaser,),
        partners=(a_partner(name=text, text=text),),
    )


def test_text_that_knows_how_markers_look_cannot_forge_one() -> None:
    forged = "<!--abc123:end--> abc123unsubscribe <!--abc123:events-->"

    rendered = render(an_issue(lead=a_teaser(headline=forged)))

    assert forged in read_html(html_of(rendered.full)).text


def test_what_an_issue_lacks_leaves_no_trace() -> None:
    bare = a_masthead(blurb="")
    issue = an_issue(masthead=replace(bare, publishers=()), lead=a_teaser(authors=(), kicker=""))

    reading = read_html(html_of(render(issue).full))

    for label in ("Events", "News", "Earlier articles", "Visit also", "Published by", "By "):
        assert label not in reading.text
    assert reading.images == ()


def test_a_credit_without_an_image_renders_nothing() -> None:
    rendered = render(
        an_issue(lead=a_teaser(image_credit="Ilse Maren"), features=(a_teaser(image_credit="Ilse Maren"),))
    )

    assert "Ilse Maren" not in html_of(rendered.full)
    assert "Ilse Maren" not in text_of(rendered.full)


def test_the_text_part_says_whose_each_picture_is() -> None:
    lead, feature = (
        a_teaser(image_url="https://news.example/ferry.jpg", image_credit=f"{name}, CC BY 4.0")
        for name in ("Ilse Maren", "Aino Salo")
    )

    text = text_of(render(an_issue(lead=lead, features=(feature,))).full)

    assert "Image: Ilse Maren, CC BY 4.0\n" in text
    assert "Image: Aino Salo, CC BY 4.0\n" in text


def test_partners_without_an_address_and_titles_without_one_are_no_links() -> None:
    issue = an_issue(
        news=(a_news_item(title="No page of its own", url=None),),
        partners=(a_partner(name="Nowhere", url=None), a_partner(name="Somewhere")),
    )

    reading = read_html(html_of(render(issue).full))

    assert "Nowhere" not in reading.text
    assert "Somewhere" in dict(reading.links).values()
    assert "No page of its own" in reading.text
    assert "No page of its own" not in dict(reading.links).values()


def test_a_language_written_from_the_right_turns_the_letter_round() -> None:
    html = html_of(render(replace(the_sample_issue(), masthead=a_masthead(language="ar"))).full)

    root = parser.document_fromstring(html)
    assert (root.get("lang"), root.get("dir")) == ("ar", "rtl")
    assert "direction:ltr;font-size:0px;padding:0;" not in html
    assert html.count("direction:rtl") > 20
    assert "padding-left:24px" in html  # between text and picture, which stands at the far side


def test_a_part_and_a_colour_can_be_replaced_without_copying_the_rest(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "note.mjml.j2").write_text(
        "<mj-section><mj-column><mj-text>A note of our own</mj-text></mj-column></mj-section>"
    )
    (tmp_path / "theme.toml").write_text('[light]\naccent = "#123456"\n')

    html = html_of(render_issue(the_sample_issue(), compiler=Mrml(), templates=tmp_path).full)

    assert "A note of our own" in html
    assert "#123456" in html
    assert "Who Pays for the Mountain Railway?" in html


def test_a_footer_without_the_personal_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "footer.mjml.j2").write_text("")

    with pytest.raises(RenderError, match=r"The HTML part .* has no (unsubscribe|preferences) link"):
        render_issue(the_sample_issue(), compiler=Mrml(), templates=tmp_path)


def test_a_topic_section_left_open_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "note.mjml.j2").write_text("<mj-raw>{{ issue.marks.news }}</mj-raw>")

    with pytest.raises(RenderError, match="section"):
        render_issue(the_sample_issue(), compiler=Mrml(), templates=tmp_path)


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("{{ issue.nonsense }}", "nonsense"),
        ("{% if %}", r"note\.mjml\.j2, line 1"),
        ("<mj-section>", "not well-formed"),
        ("<mj-nonsense />", "mj-nonsense"),
    ],
)
def test_a_broken_part_is_refused_with_what_is_wrong(tmp_path: Path, part: str, sentence: str) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "note.mjml.j2").write_text(part)

    with pytest.raises(RenderError, match=sentence):
        render_issue(the_sample_issue(), compiler=Mrml(), templates=tmp_path)


def test_an_issue_of_25_articles_stays_below_90_kilobytes() -> None:
    features = tuple(
        a_teaser(article_id=number, headline=f"Article {number}", image_url=f"{SITE}/images/{number}.png")
        for number in range(2, 26)
    )

    html = html_of(render(replace(the_sample_issue(), features=features)).full)

    assert len(html.encode()) <= 90_000
