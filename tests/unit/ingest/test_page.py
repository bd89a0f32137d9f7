"""The text of a published issue page."""

from pathlib import Path

import pytest

from newsletter.domain.article import Image, Section
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.page import read_page
from newsletter.resources import folder

CHECKOUT = Path(__file__).parents[3]
REAL_PAGE = CHECKOUT.parent / "shared" / "data" / "analyst-issue.txt"

PAGE = """By Ann Example

A standfirst of one sentence.

Credit: Example Pictures

BACKGROUND: First paragraph.

Second paragraph.

CONCLUSIONS: Third paragraph.

AUTHOR’S BIO: Ann Example writes.
"""


def test_an_article_has_all_its_parts() -> None:
    (article,) = read_page("page.txt", PAGE).articles

    assert article.authors == ("Ann Example",)
    assert article.standfirst == "A standfirst of one sentence."
    assert article.credit == "Example Pictures"
    assert article.sections == (
        Section(name="BACKGROUND", paragraphs=("First paragraph.", "Second paragraph.")),
        Section(name="CONCLUSIONS", paragraphs=("Third paragraph.",)),
    )
    assert article.biography == "Ann Example writes."
    assert (article.headline, article.needs_headline) == ("A standfirst of one sentence", True)
    assert article.image is None


@pytest.mark.parametrize(
    ("byline", "authors"),
    [
        ("By Ann Example and Ben Sample", ("Ann Example", "Ben Sample")),
        ("BY ANN EXAMPLE", ("ANN EXAMPLE",)),
        ("by Ann Example\u00a0", ("Ann Example",)),
        ("By J. R. Example, Anna van der Probe & de Trial", ("J. R. Example", "Anna van der Probe", "de Trial")),
        ("By Dr. Ann Example", ("Dr. Ann Example",)),
        ("By 王小明", ("王小明",)),
    ],
)
def test_authors_are_read_however_the_byline_is_written(byline: str, authors: tuple[str, ...]) -> None:
    (article,) = read_page("page.txt", PAGE.replace("By Ann Example", byline)).articles

    assert article.authors == authors


@pytest.mark.parametrize(
    "sentence", ["By contrast, little changed.", "By 2030", "By the River", "By Monday the dam was full", "By: nobody"]
)
def test_a_sentence_that_begins_with_by_opens_no_article(sentence: str) -> None:
    (article,) = read_page("page.txt", PAGE.replace("Second paragraph.", sentence)).articles

    assert article.sections[0].paragraphs == ("First paragraph.", sentence)


@pytest.mark.parametrize(
    "heading",
    ["AUTHOR'S BIO:", "AUTHOR’S BIO :", "Author's bio:", "AUTHORS’ BIOS:", "AUTHOR BIOGRAPHY:", "AUTHOR´S BIO"],
)
def test_the_biography_is_known_by_any_spelling_of_its_heading(heading: str) -> None:
    text = PAGE.replace("AUTHOR’S BIO: ", f"{heading}\n")

    (article,) = read_page("page.txt", text).articles

    assert article.biography == "Ann Example writes."


def test_credit_and_biography_may_be_missing() -> None:
    text = PAGE.replace("Credit: Example Pictures", "").partition("AUTHOR")[0]

    (article,) = read_page("page.txt", text).articles

    assert (article.credit, article.biography) == ("", "")
    assert len(article.sections) == 2


def test_a_line_before_the_credit_that_is_no_sentence_is_the_pictures_caption() -> None:
    text = PAGE.replace("Credit:", "A second paragraph.\n\nThe ferry at dawn\n\n\u00a0 \u00a0 Credit:")

    (article,) = read_page("page.txt", text).articles

    assert article.image == Image(alt="The ferry at dawn")
    assert article.standfirst == "A standfirst of one sentence.\n\nA second paragraph."


def test_other_sections_in_capitals_are_sections_and_short_forms_are_not() -> None:
    text = PAGE.replace("Second paragraph.", "WHAT COMES NEXT: More.\n\nNATO: a word.\n\nNote: small letters.")

    (article,) = read_page("page.txt", text).articles

    assert article.sections[1] == Section(
        name="WHAT COMES NEXT", paragraphs=("More.", "NATO: a word.", "Note: small letters.")
    )


def test_usual_sections_are_known_in_small_letters() -> None:
    (article,) = read_page("page.txt", PAGE.replace("BACKGROUND:", "Background:")).articles

    assert article.sections[0].name == "Background"


def test_text_between_credit_and_first_section_is_kept_without_a_name() -> None:
    (article,) = read_page("page.txt", PAGE.replace("BACKGROUND:", "Loose.\n\nBACKGROUND:")).articles

    assert article.sections[0] == Section(name="", paragraphs=("Loose.",))


def test_a_second_credit_stays_in_the_text_and_a_late_one_is_still_the_credit() -> None:
    second = PAGE.replace("Second paragraph.", "Credit: Other Pictures")
    late = second.replace("Credit: Example Pictures", "")

    assert read_page("page.txt", second).articles[0].sections[0].paragraphs[1] == "Other Pictures"
    assert read_page("page.txt", late).articles[0].credit == "Other Pictures"


def test_wrapped_lines_are_one_paragraph() -> None:
    (article,) = read_page("page.txt", PAGE.replace("Second paragraph.", "Second\nparagraph\n  here.")).articles

    assert article.sections[0].paragraphs[1] == "Second paragraph here."


def test_line_ends_and_byte_order_mark_make_no_difference() -> None:
    text = "\ufeff" + PAGE.replace("\n", "\r\n")

    assert read_page("page.txt", text) == read_page("page.txt", PAGE)


def test_the_footer_gives_partners_once_each_and_the_blurb() -> None:
    footer = (
        "\nFeature Articles\n\nBy Someone Else\n\nVisit also\n\nfirst\nSecond House\n\nfirst\n\n"
        "The Review is\nbiweekly.\n\nIt is free.\n\nNewsletter\n\nSign up here.\n"
    )

    page = read_page("page.txt", PAGE + footer)

    assert len(page.articles) == 1
    assert page.partner_names == ("first", "Second House")
    assert page.blurb == "The Review is biweekly.\n\nIt is free."


def test_a_footer_may_be_short() -> None:
    assert read_page("page.txt", PAGE + "\nEARLIER ARTICLES:\n\nSome title\n").partner_names == ()
    assert read_page("page.txt", PAGE + "\nVisit also\n\nfirst\n\nFeature Articles\n\nx.\n").blurb == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "",
            (
                "page.txt, line 1: expected a line “By AUTHOR” before any other text, or “# HEADLINE” where it is "
                "Markdown; nothing was imported from it."
            ),
        ),
        ("\n\nJust text.", "page.txt, line 3: expected a line “By AUTHOR”"),
        ("By Ann Example\n\nText.\n", "line 1: expected a body, such as “BACKGROUND: …”, below “By Ann Example”"),
        ("By Ann Example\n\nText.\n\nCredit: X\n", "line 1: expected a body"),
        ("By Ann Example\n\nBACKGROUND: Text.\n", "page.txt, line 2: expected a standfirst below “By Ann Example”"),
        (PAGE.replace("Third paragraph.", ""), "page.txt, line 11: expected text after “CONCLUSIONS:”"),
        (PAGE + "\nBy Ben Sample\n\nText.\n", "page.txt, line 15: expected a body"),
    ],
)
def test_a_page_that_cannot_be_read_says_where_and_what_was_expected(text: str, sentence: str) -> None:
    with pytest.raises(UnreadableSourceError) as caught:
        read_page("page.txt", text)

    assert sentence in str(caught.value)


def test_the_projects_own_sample_is_read_whole() -> None:
    text = (folder("examples") / "articles" / "ostrel-review.txt").read_text(encoding="utf-8")

    page = read_page("ostrel-review.txt", text)

    assert [len(article.authors) for article in page.articles] == [1, 2, 1, 1]
    assert all([part.name for part in article.sections] == list(USUAL) for article in page.articles)
    assert page.articles[0].image == Image(alt="The sluice tower at Carrow, seen from the eastern bank")
    assert page.articles[0].biography.endswith("former secretary of the Ostrel Water Commission.")
    assert page.articles[2].biography.endswith("at the Meldin Municipal Archive.")
    assert len(page.partner_names) == 4
    assert page.blurb.startswith("The Ostrel Review is")


USUAL = ("BACKGROUND", "IMPLICATIONS", "CONCLUSIONS")


@pytest.mark.skipif(not REAL_PAGE.exists(), reason="the published page is not beside this checkout (../shared)")
def test_a_really_published_page_is_read_whole() -> None:
    text = REAL_PAGE.read_text(encoding="utf-8")

    page = read_page(REAL_PAGE.name, text)

    bylines = [" ".join(line.split()) for line in text.splitlines() if line.startswith("By ")]
    assert len(bylines) == 4
    assert [article.authors for article in page.articles] == [(line.removeprefix("By "),) for line in bylines]
    assert [bool(article.image) for article in page.articles] == [False, False, False, True]
    assert [[len(part.paragraphs) for part in article.sections] for article in page.articles] == [
        [5, 7, 2],
        [6, 7, 1],
        [5, 5, 1],
        [4, 7, 2],
    ]
    assert len(page.partner_names) == 4
    assert page.blurb.endswith(".")
    for article in page.articles:
        assert article.credit
        assert [part.name for part in article.sections] == list(USUAL)
        assert article.biography.endswith(".")
        assert not any(rest in article.biography for rest in ("spambots", "JavaScript", "Email", "reached at", " ."))


@pytest.mark.skipif(not REAL_PAGE.exists(), reason="the published page is not beside this checkout (../shared)")
def test_no_paragraph_of_a_really_published_page_is_lost() -> None:
    lines = [
        " ".join(line.split()) for line in REAL_PAGE.read_text(encoding="utf-8").replace("\u00a0", " ").split("\n")
    ]
    page = read_page(REAL_PAGE.name, "\n".join(lines))
    kept = {page.blurb} | {article.standfirst for article in page.articles}
    kept |= {text for article in page.articles for part in article.sections for text in part.paragraphs}

    for line in lines:
        _, _, after_heading = line.partition(": ")
        is_long_text = len(line) > 160 and "BIO:" not in line
        assert not is_long_text or line in kept or after_heading in kept
