from __future__ import annotations

import pytest

from checking import found, the_only
from draft_builders import a_proof, an_article_shown
from newsletter.service.finding import Level


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("x" * 79, "79 characters"),
        ("Re: your newsletter", "like a reply"),
        ("FWD : your newsletter", "like a reply"),
        ("Tr: your newsletter", "like a reply"),
        ("A\tsubject", "control character"),
        ("A subject\u0085", "control character"),
        ("=?utf-8?q?a?=", "encoded word"),
    ],
)
def test_a_subject_that_inboxes_distrust_is_an_error(subject: str, words: str) -> None:
    finding = the_only("subject", a_proof(an_article_shown(), subject=subject))

    assert finding.level is Level.ERROR
    assert words in finding.what


@pytest.mark.parametrize("subject", ["Regrets: none", "Redrawing the map", "Research: what is new", "x" * 78])
def test_other_subjects_pass(subject: str) -> None:
    assert found("subject", a_proof(an_article_shown(), subject=subject)) == []
