from __future__ import annotations

from dataclasses import replace

import pytest

from checking import findings, found
from draft_builders import a_proof, a_stored_article, an_article, an_article_shown
from newsletter.ingest.link import LinkAnswer
from newsletter.service.proof import Proof

_URL = "https://journal.example/a"


def a_proof_answered(answer: LinkAnswer | None) -> Proof:
    proof = a_proof(an_article_shown(a_stored_article(1, an_article(url=_URL))))
    return replace(proof, answers={_URL: answer} if answer else {})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (LinkAnswer(status=404), "not there (status 404)"),
        (LinkAnswer(status=410), "not there (status 410)"),
        (LinkAnswer(why="has a host that does not exist", is_unknown_host=True), "does not exist."),
    ],
)
def test_a_link_that_leads_nowhere_is_an_error(answer: LinkAnswer, words: str) -> None:
    proof = a_proof_answered(answer)

    assert found("dead_link", proof) == [("error", "article 1")]
    assert words in findings("dead_link", proof)[0].what


@pytest.mark.parametrize("answer", [LinkAnswer(status=200), LinkAnswer(status=503), LinkAnswer(why="is slow"), None])
def test_others_are_not_dead(answer: LinkAnswer | None) -> None:
    assert found("dead_link", a_proof_answered(answer)) == []
