from __future__ import annotations

import pytest

from checking import a_site, found, the_only, with_html
from draft_builders import a_proof, a_stored_article, an_article, an_article_shown


@pytest.mark.parametrize(
    "url",
    ["#top", "mailto:editors@journal.example", "https://journal.example/a b", "https://[journal/", "//journal.example"],
)
def test_what_is_no_web_address_is_an_error_on_a_trial_site_too(url: str) -> None:
    proof = a_proof(an_article_shown(a_stored_article(1, an_article(url=url))), masthead=a_site())

    assert found("link", proof) == [("error", "article 1")]
    assert "newsletter articles edit 1 --url URL" in the_only("link", proof).mend


def test_what_only_the_templates_link_to_is_looked_at_too() -> None:
    html = '<a href="#contents">Contents</a> <a href="mailto:editors@review.example">Write to us</a>'

    assert found("link", with_html(html)) == [("error", "HTML")]
