from __future__ import annotations

from checking import found
from draft_builders import a_proof, a_stored_article, an_article_shown


def test_a_provisional_headline_is_an_error() -> None:
    proof = a_proof(an_article_shown(a_stored_article(7, needs_headline=True)))

    assert found("needs_headline", proof) == [("error", "article 7")]


def test_a_headline_for_this_issue_is_a_headline() -> None:
    item = an_article_shown(a_stored_article(7, needs_headline=True), headline="The Price of a Dry River")

    assert found("needs_headline", a_proof(item)) == []
