from __future__ import annotations

from dataclasses import replace

import pytest

from builders import a_picture, an_event
from checking import a_site, found, the_only
from draft_builders import (
    a_partner_shown,
    a_proof,
    a_stored_announcement,
    a_stored_article,
    a_stored_partner,
    an_announcement_shown,
    an_article,
    an_article_shown,
)
from newsletter.domain.article import Image
from newsletter.domain.issue import Publisher
from newsletter.domain.partner import PartnerLink


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://journal.example/a", "not https"),
        ("https://staging.journal.example/a", "cannot be reached"),
        ("https://localhost/a", "cannot be reached"),
        ("https://192.168.1.7/a", "cannot be reached"),
        ("https://[fd00::7]/a", "cannot be reached"),
        ("https://intranet/a", "cannot be reached"),
    ],
)
def test_links_that_readers_cannot_open_are_errors(url: str, words: str) -> None:
    finding = the_only("public_link", a_proof(an_article_shown(a_stored_article(1, an_article(url=url)))))

    assert (finding.level.value, finding.where) == ("error", "article 1")
    assert words in finding.what


def test_on_a_trial_site_they_are_warnings() -> None:
    article = a_stored_article(1, an_article(url="http://journal.example/a"))

    proof = a_proof(an_article_shown(article), masthead=a_site())

    assert found("public_link", proof) == [("warning", "[site] base_url"), ("warning", "article 1")]


def test_what_is_wrong_with_the_site_is_said_once() -> None:
    proof = a_proof(an_article_shown(a_stored_article(1)), masthead=a_site("http://review.example"))

    assert found("public_link", proof) == [("error", "[site] base_url")]


def test_announcements_partners_and_publishers_have_links_too_and_pictures_are_the_site_s_own() -> None:
    image = Image(url="http://journal.example/f.jpg", alt="A ferry", licence="CC BY 4.0")
    link = PartnerLink(name="Tarn", url="http://tarn.example", logo="http://tarn.example/logo.png")
    publishers = (Publisher(name="Alder", url="http://a.example", logo="http://a.example/logo.png"),)
    proof = a_proof(
        an_article_shown(a_stored_article(1, an_article(image=image)), picture=a_picture()),
        an_announcement_shown(a_stored_announcement(2, an_event(url="http://events.example/1"))),
        a_partner_shown(a_stored_partner(3, link)),
        masthead=replace(a_site("https://review.example"), publishers=publishers),
    )

    assert [where for _, where in found("public_link", proof)] == [
        "publisher Alder",
        "announcement 2",
        "partner 3",
    ]
