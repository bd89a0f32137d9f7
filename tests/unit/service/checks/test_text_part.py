from __future__ import annotations

import pytest

from checking import a_complete_proof, findings, found, the_only, with_html
from draft_builders import a_partner_shown, a_proof, an_article_shown

_LINK = '<a href="https://review.example/1">Story 1</a>'


def test_the_projects_own_templates_say_the_same_in_both_parts() -> None:
    assert found("text_part", a_complete_proof()) == []
    assert found("text_part", a_proof(a_partner_shown())) == []


@pytest.mark.parametrize(
    ("html", "text", "words"),
    [
        (_LINK, "Story 1", "https://review.example/1 is linked in the HTML and missing in the text."),
        ("Story 1", "Story 1\nhttps://review.example/1", "stands in the text and is missing in the HTML"),
        (_LINK, "https://review.example/1", "“Story 1” is missing in the text part."),
        (_LINK.replace("Story", "Tale"), "Story 1\nhttps://review.example/1", "is missing in the HTML part."),
    ],
)
def test_what_one_part_lacks_is_an_error(html: str, text: str, words: str) -> None:
    finding = the_only("text_part", with_html(html, text=text))

    assert finding.level.value == "error"
    assert words in finding.what


def test_line_breaks_and_capitals_make_no_difference() -> None:
    text = "STORY\n1\nhttps://review.example/1"

    assert findings("text_part", with_html(_LINK, text=text)) == []


def test_an_address_that_an_author_wrote_into_a_sentence_is_no_link() -> None:
    sentence = "Story 1 (see https://journal.example/x)."

    assert findings("text_part", with_html(f"<p>{sentence}</p>", text=sentence)) == []


def test_a_headline_of_several_lines_is_found() -> None:
    teaser = "A pilot reads the water. The harbour reads the pilot, and both are wrong about the weather."

    assert found("text_part", a_proof(an_article_shown(teaser=teaser, headline="Water " * 30))) == []
