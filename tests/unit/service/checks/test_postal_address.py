from __future__ import annotations

from checking import a_site, found
from draft_builders import a_proof, an_article_shown


def test_a_missing_postal_address_is_an_error_but_on_a_trial_site() -> None:
    public = a_proof(an_article_shown(), masthead=a_site("https://review.example", postal_address=" "))
    trial = a_proof(an_article_shown(), masthead=a_site(postal_address=""))

    assert found("postal_address", public) == [("error", "[site] postal_address")]
    assert found("postal_address", trial) == [("warning", "[site] postal_address")]


def test_with_one_there_is_nothing_to_find() -> None:
    assert found("postal_address", a_proof(an_article_shown())) == []
