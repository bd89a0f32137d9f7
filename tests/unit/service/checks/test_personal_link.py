from __future__ import annotations

import pytest

from checking import found, the_only
from draft_builders import a_proof, a_stored_article, an_article, an_article_shown


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://me:secret@journal.example/a", "name or password"),
        ("https://journal.example/a?mc_cid=1&mc_eid=5f1c", "mc_eid"),
        ("https://journal.example/a?Email=somebody", "Email"),
        ("https://journal.example/leave/ada%40example.org", "email address"),
    ],
)
def test_a_link_that_names_somebody_is_an_error(url: str, words: str) -> None:
    proof = a_proof(an_article_shown(a_stored_article(1, an_article(url=url))))

    assert found("personal_link", proof) == [("error", "article 1")]
    assert words in the_only("personal_link", proof).what


@pytest.mark.parametrize(
    "url", ["https://journal.example/@ada/a", "https://journal.example/a?id=7&emailed=1", "https://[journal/"]
)
def test_other_links_pass(url: str) -> None:
    assert found("personal_link", a_proof(an_article_shown(a_stored_article(1, an_article(url=url))))) == []
