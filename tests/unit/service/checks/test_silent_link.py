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
        (LinkAnswer(status=503), "answered with status 503."),
        (LinkAnswer(status=403), "answered with status 403."),
        (LinkAnswer(why="did not answer within 10 seconds"), "did not answer within 10 seconds."),
    ],
)
def test_a_link_that_says_nothing_is_a_warning(answer: LinkAnswer, words: str) -> None:
    proof = a_proof_answered(answer)

    assert found("silent_link", proof) == [("warning", "article 1")]
    assert words in findings("silent_link", proof)[0].what


@pytest.mark.parametrize("answer", [LinkAnswer(status=200), LinkAnswer(status=404), None])
def test_those_that_answered_those_that_are_dead_and_those_that_were_not_fetched_pass(
    answer: LinkAnswer | None,
) -> None:
    assert found("silent_link", a_proof_answered(answer)) == []
