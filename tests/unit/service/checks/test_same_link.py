from __future__ import annotations

import pytest

from builders import a_news_item
from checking import a_complete_proof, found, the_only
from draft_builders import (
    a_proof,
    a_stored_announcement,
    a_stored_article,
    an_announcement_shown,
    an_article,
    an_article_shown,
)
from newsletter.service.proof import Proof


def a_proof_with(first: str | None, second: str | None) -> Proof:
    return a_proof(
        an_article_shown(a_stored_article(1, an_article(headline="One", url=first))),
        an_announcement_shown(a_stored_announcement(2, a_news_item(url=second))),
    )


@pytest.mark.parametrize(
    "second", ["https://journal.example/a", "https://journal.example/a/", "https://journal.example/a#b"]
)
def test_a_page_that_an_item_before_leads_to_is_a_warning(second: str) -> None:
    proof = a_proof_with("https://journal.example/a", second)

    assert found("same_link", proof) == [("warning", "announcement 2")]
    assert "as “One” does" in the_only("same_link", proof).what


@pytest.mark.parametrize("second", ["https://journal.example/b", "https://journal.example/a?page=2", None])
def test_another_page_passes(second: str | None) -> None:
    assert found("same_link", a_proof_with("https://journal.example/a", second)) == []


def test_items_without_an_address_of_their_own_pass() -> None:
    assert found("same_link", a_complete_proof()) == []
    assert found("same_link", a_proof_with(None, None)) == []
