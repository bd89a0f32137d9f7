from __future__ import annotations

from dataclasses import replace

import pytest

from builders import a_partner, an_event
from checking import a_complete_proof, a_site, found, the_only
from draft_builders import (
    A_SENDER,
    a_partner_shown,
    a_proof,
    a_stored_announcement,
    a_stored_article,
    a_stored_partner,
    an_announcement_shown,
    an_article,
    an_article_shown,
)
from newsletter.domain.issue import Publisher
from newsletter.service.proof import Proof


def a_proof_with_event(url: str) -> Proof:
    return a_proof(
        an_article_shown(a_stored_article(1, an_article(url="https://www.journal.example/a"))),
        an_announcement_shown(a_stored_announcement(2, an_event(url=url))),
        a_partner_shown(a_stored_partner(3, a_partner(url="https://tarn.example/"))),
        masthead=replace(
            a_site("https://news.review.example"), publishers=(Publisher(name="A", url="https://a.example"),)
        ),
        sender=replace(A_SENDER, base_url="https://news.review.example"),
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://news.review.example/e",
        "https://review.example/e",
        "https://www.review.example/e",
        "https://journal.example/e",
        "https://img.journal.example/e",
        "https://www.tarn.example/e",
        "https://a.example/e",
        "#top",
    ],
)
def test_own_hosts_those_of_articles_and_of_partners_pass(url: str) -> None:
    assert found("host", a_proof_with_event(url)) == []


@pytest.mark.parametrize("url", ["https://tickets.example/1", "https://bit.ly/3x", "https://notjournal.example/e"])
def test_other_hosts_and_shorteners_are_warnings(url: str) -> None:
    assert found("host", a_proof_with_event(url)) == [("warning", "announcement 2")]


def test_a_shortened_address_of_an_article_is_one_too() -> None:
    proof = a_proof(an_article_shown(a_stored_article(1, an_article(url="https://bit.ly/3x"))))

    assert "hides where the link leads" in the_only("host", proof).what


def test_a_host_is_named_once() -> None:
    proof = a_proof(
        an_article_shown(),
        an_announcement_shown(a_stored_announcement(1, an_event(url="https://cdn.example/f"))),
        an_announcement_shown(a_stored_announcement(2, an_event(url="https://cdn.example/e"))),
        sender=None,
    )

    assert found("host", proof) == [("warning", "announcement 1")]


def test_a_complete_issue_passes() -> None:
    assert found("host", a_complete_proof()) == []
